// The console's page: signing in and out, and the three addresses that letters lead to.
const find = (id) => document.querySelector(id);
const state = find("#state"), parts = ["#signin", "#out", "#reset", "#change"].map(find);
const show = (text, part) => { state.textContent = text; for (const p of parts) p.hidden = p !== part; };
const send = (url, body) => fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
const onSubmit = (form, fn) => form.addEventListener("submit", (e) => { e.preventDefault(); fn(Object.fromEntries(new FormData(form))); });
const [signin, out, reset, change] = parts;

const refresh = async () => {
  const r = await fetch("session");
  if (!r.ok) return show("You are not signed in.", signin);
  const { user } = await r.json();
  show("You are signed in as " + user.login + ".", out);
};
onSubmit(signin, async (values) => {
  const r = await send("session", values);
  signin.reset();
  if (r.ok) return refresh();
  show((await r.json()).message + ".", signin);
});
out.addEventListener("click", async () => { await fetch("session", { method: "DELETE" }); refresh(); });

// A letter's address is #/auth/confirm-…/TOKEN. The token names the collection of the account.
const letter = /^#\/auth\/(confirm-verification|confirm-password-reset|confirm-email-change)\/([\w.-]+)$/;
const confirm = async (action, token, values, done, form) => {
  let collection;
  try { collection = JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).collectionId; } catch { collection = "-"; }
  const r = await send("/api/collections/" + encodeURIComponent(collection) + "/" + action, { token, ...values });
  if (r.ok) return show(done);
  const { message, data } = await r.json();
  const problem = Object.values(data ?? {})[0]?.message;
  show(problem ?? message, form);
};
const open = () => {
  const found = letter.exec(location.hash);
  if (!found) return refresh();
  const [, action, token] = found;
  if (action === "confirm-verification") return confirm(action, token, {}, "Your email address is verified.");
  const form = action === "confirm-password-reset" ? reset : change;
  show(action === "confirm-password-reset" ? "Choose a new password." : "Your password confirms the new address.", form);
};
onSubmit(reset, (values) => confirm("confirm-password-reset", letter.exec(location.hash)[2], values, "Your password is changed. You can sign in with it.", reset));
onSubmit(change, (values) => confirm("confirm-email-change", letter.exec(location.hash)[2], values, "Your email address is changed. Sign in with it.", change));
addEventListener("hashchange", open);
open();
