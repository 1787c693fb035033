"""docker/collect-libraries, with the output of `ldd` on architectures other than the machine's."""

import os
import subprocess

import pytest
from site_under_test import ROOT

# The vDSO, a library in the base image, one that is missing there, and the loader, in the format of `ldd`.
LDD = {
    "aarch64": """\
\tlinux-vdso.so.1 (0x0000ffff9d5e0000)
\tlibc.so.6 => {machine}/lib/aarch64-linux-gnu/libc.so.6 (0x0000ffff9d200000)
\tlibpq.so.5 => {machine}/usr/lib/aarch64-linux-gnu/libpq.so.5 (0x0000ffff9d500000)
\t/lib/ld-linux-aarch64.so.1 (0x0000ffff9d5a7000)
""",
    "x86_64": """\
\tlinux-vdso.so.1 (0x00007fff4a3f2000)
\tlibc.so.6 => {machine}/lib/x86_64-linux-gnu/libc.so.6 (0x00007f1c4f000000)
\tlibpq.so.5 => {machine}/lib/x86_64-linux-gnu/libpq.so.5 (0x00007f1c4f400000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f1c4f800000)
""",
}
LOADER = {"aarch64": "/lib/ld-linux-aarch64.so.1", "x86_64": "/lib64/ld-linux-x86-64.so.2"}


@pytest.mark.parametrize("architecture", LDD)
def test_libraries_that_the_base_lacks_are_added(tmp_path, architecture):
    """The loader of that architecture checks that everything is found."""
    base, tree, machine, bin_folder = (tmp_path / name for name in ("base", "tree", "machine", "bin"))
    folder = f"{architecture}-linux-gnu"
    places = (base / "lib", machine / "lib", machine / "usr/lib")
    for path in (*(place / folder for place in places), tree / "usr/local/bin", bin_folder):
        path.mkdir(parents=True)
    (base / "lib" / folder / "libc.so.6").touch()
    for place in ("lib", "usr/lib"):
        for name in ("libc.so.6", "libpq.so.5"):
            (machine / place / folder / name).touch()
    (tree / "usr/local/bin/AuthAPI").touch()
    ldd = LDD[architecture].format(machine=machine)
    for name, script in (("ldd", f"cat <<'END'\n{ldd}END"), ("chroot", f'echo "$2" >{tmp_path}/loader; echo found')):
        (bin_folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (bin_folder / name).chmod(0o755)
    command = [ROOT / "docker/collect-libraries", base, tree, "usr/local/bin/AuthAPI"]
    environment = os.environ | {"PATH": f"{bin_folder}:{os.environ['PATH']}"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    added = sorted(str(path.relative_to(tree)) for path in tree.rglob("*.so*"))
    assert added == [f"usr/lib/{folder}/libpq.so.5"]
    assert (tmp_path / "loader").read_text().strip() == LOADER[architecture]
