const form = document.querySelector("form"), state = document.querySelector("#state"), out = document.querySelector("#out");
const show = (text, signedIn) => { state.textContent = text; form.hidden = signedIn; out.hidden = !signedIn; };
const refresh = async () => {
  const r = await fetch("session");
  if (!r.ok) return show("You are not signed in.", false);
  const { user } = await r.json();
  show("You are signed in as " + user.login + ".", true);
};
form.addEventListener("submit", async (e) => {
  e.preventDefault();
  const r = await fetch("session", { method: "POST", headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ login: form.login.value, password: form.password.value }) });
  if (r.ok) { form.password.value = ""; return refresh(); }
  show((await r.json()).message + ".", false);
});
out.addEventListener("click", async () => { await fetch("session", { method: "DELETE" }); refresh(); });
refresh();
