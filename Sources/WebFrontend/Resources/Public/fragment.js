/**
 * Returns to the fragment of the page that required a sign-in, such as the route of an application: browsers keep it
 * through redirects, but do not send it.
 */
function keepFragment() {
  const fragment = location.hash;
  // Codes of one-time links are for a form of this page, and the skip link leads to an element of it. ReturnPath accepts
  // 512 printable ASCII characters.
  if (!/^#(?!code=|invite=)[!-[\]-~]+$/.test(fragment) || document.getElementById(fragment.slice(1))) return;
  // Without a return path, the home page follows; it may be an application with routes such as #/orders.
  const extended = (path) => {
    const whole = (path || "/") + fragment;
    if (!path && !/^#[!/]/.test(fragment)) return path;
    return path?.includes("#") || whole.length > 512 ? path : whole;
  };
  for (const form of document.querySelectorAll("#login-form, #register-form, #address-form, .languages form")) {
    let input = form.elements.return_to;
    if (!input) {
      input = document.createElement("input");
      input.type = "hidden";
      input.name = "return_to";
      form.append(input);
    }
    input.value = extended(input.value) ?? "";
  }
  for (const link of document.querySelectorAll(".providers a, #to-register, #to-login")) {
    const url = new URL(link.href);
    const path = extended(url.searchParams.get("return_to"));
    if (path) url.searchParams.set("return_to", path);
    link.href = url;
  }
}

keepFragment();
