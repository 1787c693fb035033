// Everything but the chat also works without this script.
const prefix = document.body.dataset.prefix;

// Notes that another page of the same user has added.
const events = new EventSource(`${prefix}/events`);
events.onmessage = (event) => {
  const note = JSON.parse(event.data);
  if (document.querySelector(`[data-note="${note.id}"]`)) return;
  const item = document.createElement("li");
  item.dataset.note = note.id;
  const text = document.createElement("p");
  text.textContent = note.text;
  const form = document.createElement("form");
  form.method = "post";
  form.action = `${prefix}/notes/${note.id}/delete`;
  const button = document.createElement("button");
  button.textContent = "Delete";
  form.append(button);
  item.append(text, form);
  document.querySelector("#notes").prepend(item);
};

const chat = document.querySelector("#chat");
const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const socket = new WebSocket(`${scheme}//${location.host}${prefix}/socket`);
socket.onopen = () => {
  chat.hidden = false;
};
socket.onclose = () => {
  chat.hidden = true;
};
socket.onmessage = (event) => {
  const { name, text } = JSON.parse(event.data);
  const line = document.createElement("li");
  line.textContent = `${name}: ${text}`;
  document.querySelector("#lines").append(line);
};
document.querySelector("#say").onsubmit = (event) => {
  event.preventDefault();
  const field = document.querySelector("#line");
  socket.send(field.value);
  field.value = "";
};
