// Makes the pages quicker and clearer; every page works without it.

/** The rules for passwords, the same as the server's: code points of the NFC form, letters and digits of any script. */
const passwordRules = {
  length: (password) => {
    const length = [...password.normalize("NFC")].length;
    return length >= 8 && length <= 128;
  },
  uppercase: (password) => /\p{Lu}/u.test(password.normalize("NFC")),
  lowercase: (password) => /\p{Ll}/u.test(password.normalize("NFC")),
  digit: (password) => /\p{Nd}/u.test(password.normalize("NFC")),
};

/**
 * Estimates the bits to guess for an attacker who tries words, years and runs first, to encourage length.
 * A character that continues or repeats the previous one counts little.
 */
function strengthOf(password) {
  let bits = 0;
  let previous = "";
  for (const character of password.normalize("NFC").replace(/(19|20)\d\d/gu, "\u0000")) {
    const step = character.codePointAt(0) - (previous.codePointAt(0) ?? -9);
    const isWord = /\p{L}/u.test(character) && /\p{L}/u.test(previous);
    if (Math.abs(step) <= 1) bits += 1;
    else if (character === "\u0000") bits += 6;
    else if (/\p{Nd}/u.test(character)) bits += 3.3;
    else if (/\p{L}/u.test(character)) bits += isWord ? (/\p{Lu}/u.test(character) ? 3.5 : 2.5) : 5;
    else bits += 5;
    previous = character;
  }
  return bits < 30 ? "weak" : bits < 45 ? "fair" : bits < 60 ? "good" : "strong";
}

/** Ticks the rules off and estimates the strength while a password is typed; informs screen readers too. */
function watchRules(box, input) {
  const items = [...box.querySelectorAll("[data-rule]")].map((item) => {
    const state = document.createElement("span");
    state.className = "visually-hidden";
    item.prepend(state);
    return { item, state, rule: passwordRules[item.dataset.rule] };
  });
  const hint = document.createElement("p");
  hint.className = "strength";
  hint.setAttribute("aria-hidden", "true");
  const status = document.createElement("p");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  box.append(hint, status);

  const update = () => {
    let met = 0;
    for (const { item, state, rule } of items) {
      const isMet = rule(input.value);
      met += isMet ? 1 : 0;
      item.classList.toggle("met", isMet);
      state.textContent = `${isMet ? box.dataset.met : box.dataset.unmet} `;
    }
    const isEmpty = input.value === "";
    hint.dataset.strength = isEmpty ? "none" : strengthOf(input.value);
    hint.textContent = isEmpty ? "" : box.dataset[hint.dataset.strength];
    const count = box.dataset.status.replace("{met}", met).replace("{total}", items.length);
    const text = isEmpty ? "" : `${count} ${hint.textContent}`;
    if (status.textContent !== text) status.textContent = text;
  };
  input.addEventListener("input", update);
  update();
}

/** Shows the error of a field beside it; an empty text clears the error. */
function setFieldError(input, text) {
  const field = input.closest("[data-field]");
  const error = document.getElementById(`${input.id}-error`);
  field.classList.toggle("field-invalid", text !== "");
  error.querySelector("[data-error-text]").textContent = text;
  error.hidden = text === "";
  const others = (input.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== error.id);
  if (text === "") {
    input.removeAttribute("aria-invalid");
  } else {
    input.setAttribute("aria-invalid", "true");
    others.unshift(error.id);
  }
  if (others.length > 0) input.setAttribute("aria-describedby", others.join(" "));
  else input.removeAttribute("aria-describedby");
}

/** Reports that the passwords differ before the form is sent, but not while the second is being typed. */
function watchConfirmation(form, password, confirmation) {
  const differs = () => password.value.normalize("NFC") !== confirmation.value.normalize("NFC");
  const check = () => setFieldError(confirmation, differs() ? form.dataset.mismatch : "");
  // A message that appears between pressing and releasing would move the button from under the pointer.
  let isPressed = false;
  for (const event of ["pointerdown", "pointerup", "pointercancel"]) {
    document.addEventListener(event, () => {
      isPressed = event === "pointerdown";
    });
  }
  confirmation.addEventListener("change", () => {
    if (confirmation.value === "") return;
    if (isPressed) document.addEventListener("pointerup", () => setTimeout(check), { once: true });
    else setTimeout(check);
  });
  for (const input of [password, confirmation]) {
    input.addEventListener("input", () => {
      if (confirmation.getAttribute("aria-invalid") === "true" && !differs()) check();
    });
  }
  form.addEventListener("submit", (event) => {
    if (hasOwnPurpose(event) || confirmation.value === "" || !differs()) return;
    event.preventDefault();
    check();
    confirmation.focus();
  });
}

/** Whether the pressed button has another purpose than the form: to change the language, or to use a provider. */
function hasOwnPurpose(event) {
  return Boolean(event.submitter?.name);
}

/** Keeps passwords out of requests that change the language or continue with a provider. */
function keepPasswords(form) {
  const passwords = form.querySelectorAll("input[type=password]");
  form.addEventListener("submit", (event) => {
    if (!hasOwnPurpose(event)) return;
    for (const input of passwords) input.disabled = true;
  });
  window.addEventListener("pageshow", () => {
    for (const input of passwords) input.disabled = false;
  });
}

/**
 * Cleans a typed or pasted email address as the server does: removes invisible characters and surrounding white space,
 * and converts wide and small forms of ASCII to ASCII.
 */
function cleanEmail(text) {
  if (text.length > 4096) return text;
  const forms =
    "\u3002\uff61\u2024\ufe50\ufe52\ufe54\ufe55\ufe56\ufe57\ufe59\ufe5a\ufe5b\ufe5c\ufe5f\ufe60\ufe61\ufe62" +
    "\ufe63\ufe64\ufe65\ufe66\ufe68\ufe69\ufe6a\ufe6b";
  const plain = "...,.;:?!(){}#&*+-<>=\\$%@";
  return text
    .replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/gu, "")
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/[\u3002\uff61\u2024\ufe50-\ufe6b]/g, (form) => plain[forms.indexOf(form)] ?? form)
    .replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
}

/** Cleans an address when its field is left, and when the form is sent. */
function watchEmail(form, input) {
  const clean = () => {
    const cleaned = cleanEmail(input.value);
    if (cleaned !== input.value) input.value = cleaned;
  };
  input.addEventListener("change", clean);
  form.addEventListener("submit", clean);
}

/** Copies the code of a link into its field and removes it from the URL; browsers do not send the part after `#`. */
function takeCode(form) {
  for (const name of ["code", "invite"]) {
    const input = form.querySelector(`input[name=${name}]`);
    if (!input || !location.hash.startsWith(`#${name}=`)) continue;
    input.value = location.hash.slice(name.length + 2);
    history.replaceState(null, "", location.pathname + location.search);
  }
}

/** Adds a button to every password field that shows the typed text. */
function addReveal(form, input) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reveal";
  button.setAttribute("aria-controls", input.id);
  // Two such buttons on one page must not have the same name.
  const field = document.createElement("span");
  field.className = "visually-hidden";
  field.textContent = ` (${input.labels[0].textContent})`;
  const show = (isShown) => {
    input.type = isShown ? "text" : "password";
    button.replaceChildren(isShown ? form.dataset.hide : form.dataset.show, field);
  };
  button.addEventListener("click", () => show(input.type === "password"));
  // Browsers store the values of text fields in their autocomplete history.
  form.addEventListener("submit", () => show(false));
  show(false);
  input.spellcheck = false;
  input.autocapitalize = "none";
  input.closest(".control").classList.add("control-reveal");
  input.after(button);
}

/** Sends a form once, however often its button is pressed. */
function guardDoubleSubmit(form) {
  const button = form.querySelector("button[type=submit], button:not([type])");
  const label = button.textContent;
  let isSent = false;
  const reset = () => {
    isSent = false;
    button.removeAttribute("aria-disabled");
    button.textContent = label;
  };
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented || hasOwnPurpose(event)) return;
    if (isSent) {
      event.preventDefault();
      return;
    }
    isSent = true;
    button.setAttribute("aria-disabled", "true");
    if (form.dataset.busy) button.textContent = form.dataset.busy;
    // A connection that hangs must not leave the form disabled.
    setTimeout(reset, 15000);
  });
  window.addEventListener("pageshow", (event) => event.persisted && reset());
}

/** Shows times in the visitor's time zone and format. */
function localizeTimes() {
  const page = document.documentElement.lang;
  const parts = {
    year: "numeric",
    month: "long",
    day: "numeric",
    hour: "numeric",
    minute: "2-digit",
    timeZoneName: "short",
  };
  let format;
  try {
    format = new Intl.DateTimeFormat(navigator.languages.find((tag) => tag.split("-")[0] === page) ?? page, parts);
  } catch {
    // Some browsers report a malformed language, such as "en-US@posix".
    format = new Intl.DateTimeFormat(page, parts);
  }
  for (const time of document.querySelectorAll("time[datetime]")) {
    const date = new Date(time.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    time.title = time.textContent;
    time.textContent = format.format(date);
  }
}

/**
 * Reloads a signed-in user's page when the browser restores it from its cache for the Back button: the session may have
 * ended. The page is hidden when it is left, so that it does not appear before it is reloaded.
 */
function guardHistory() {
  if (document.body.dataset.signedIn === undefined) return;
  window.addEventListener("pagehide", (event) => {
    if (event.persisted) document.body.hidden = true;
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}

for (const form of document.querySelectorAll("form")) {
  takeCode(form);
  // A link opened in a tab that already shows the page changes only the fragment.
  addEventListener("hashchange", () => takeCode(form));
  for (const input of form.querySelectorAll("input[type=password]")) addReveal(form, input);
  const password = form.querySelector("input[name=password]");
  const confirmation = form.querySelector("input[name=password_confirmation]");
  const rules = form.querySelector("[data-rules]");
  if (rules) watchRules(rules, password);
  if (confirmation) watchConfirmation(form, password, confirmation);
  for (const input of form.querySelectorAll("input[type=email]:not([readonly])")) watchEmail(form, input);
  keepPasswords(form);
  guardDoubleSubmit(form);
}
guardHistory();
localizeTimes();

// The response to a form gets the URL of the form, so that "back" and "reload" request the page instead of sending the
// form again; a confirmation is removed from the URL, so that it is not shown twice.
if (document.body.dataset.location) history.replaceState(null, "", document.body.dataset.location);

document.getElementById("error-summary")?.focus();
