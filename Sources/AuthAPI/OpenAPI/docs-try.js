// Adds forms that send the requests of the reference to this site, with the reader's session.

/** An element with attributes, text and children. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** A labeled field; returns the label and the field. */
function field(id, name, note, control) {
  control.id = id;
  const label = make("label", { for: id }, make("code", {}, name), note ? ` ${note}` : "");
  return [label, control];
}

/** The path with its parameters filled in, and the query. */
function target(path, inputs) {
  const query = new URLSearchParams();
  let filled = path;
  for (const { name, place, input } of inputs) {
    if (place === "path") filled = filled.replace(`{${name}}`, encodeURIComponent(input.value));
    else if (input.value !== "") query.append(name, input.value);
  }
  const search = query.toString();
  return search === "" ? filled : `${filled}?${search}`;
}

/** A response body for reading: JSON is indented, anything else is unchanged. */
function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text.length > 20000 ? `${text.slice(0, 20000)}\n…` : text;
  }
}

/** Sends the request and shows the response. */
async function send(operation, form, output) {
  const { method, path } = operation.dataset;
  const request = { method, credentials: "same-origin", redirect: "manual", cache: "no-store" };
  if (form.body) {
    request.headers = { "Content-Type": "application/json" };
    request.body = form.body.value;
  }
  const address = target(path, form.inputs);
  output.replaceChildren(make("p", {}, "Waiting for the response…"));
  try {
    const response = await fetch(address, request);
    const text = await response.text();
    const status = response.type === "opaqueredirect" ? "a redirect" : `${response.status} ${response.statusText}`;
    const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    const shown = [make("p", {}, make("code", {}, `${method} ${address}`), ` returned ${status}.`)];
    for (const [title, content] of [
      ["Response headers", headers],
      ["Response body", readable(text)],
    ]) {
      const attributes = { tabindex: "0", role: "group", "aria-label": title };
      if (content !== "") shown.push(make("pre", attributes, make("code", {}, content)));
    }
    output.replaceChildren(...shown);
  } catch {
    output.replaceChildren(make("p", {}, "There was no response. Check your connection, then try again."));
  }
}

/** Adds the form to an operation. */
function addForm(operation) {
  const { method, path, body } = operation.dataset;
  const id = operation.id;
  const form = make("form", { class: "try-form" });
  const inputs = [];
  for (const parameter of JSON.parse(operation.dataset.parameters)) {
    const input = make("input", { type: "text", autocomplete: "off", spellcheck: "false" });
    input.required = parameter.place === "path";
    form.append(...field(`${id}-try-${parameter.name}`, parameter.name, `(${parameter.place})`, input));
    inputs.push({ ...parameter, input });
  }
  let area = null;
  if (body !== undefined) {
    area = make("textarea", { rows: String(body.split("\n").length), autocomplete: "off", spellcheck: "false" }, body);
    form.append(...field(`${id}-try-body`, "Request body", "", area));
  }
  const changes = method !== "GET";
  if (changes)
    form.append(make("p", {}, "This request is real: it acts on this site, with the session of this browser."));
  form.append(make("button", { type: "submit" }, `Send ${method} ${path}`));
  const output = make("div", { class: "try-output", role: "status" });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (changes && !window.confirm(`Send ${method} ${path}? It acts on this site, with the session of this browser.`))
      return;
    send(operation, { inputs, body: area }, output);
  });
  operation.append(make("details", { class: "try" }, make("summary", {}, "Try it"), form, output));
}

for (const operation of document.querySelectorAll("article[data-method]")) addForm(operation);

// The browser may show this page again after its session has ended.
window.addEventListener("pagehide", () => {
  for (const form of document.querySelectorAll(".try-form")) form.reset();
  for (const output of document.querySelectorAll(".try-output")) output.replaceChildren();
});
