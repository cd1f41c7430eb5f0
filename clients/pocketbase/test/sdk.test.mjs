// The official JavaScript SDK, with nothing changed but the base URL.
import { test } from "node:test";
import assert from "node:assert/strict";
import * as dossier from "../../lib/dossier.mjs";
import { open as openMailbox } from "../mailbox.mjs";
import { server, guest, member, root, sdk, fails } from "../stage.mjs";

const file = (name, text) => new File([text], name);
const text = async (url) => { const r = await fetch(url); assert.equal(r.status, 200, url); return r.text(); };

test("health", async () => {
  assert.equal((await guest.health.check()).code, 200);
});

test("records are created, listed, viewed, changed and deleted", async () => {
  const made = await member.collection("reports").create({ title: "CRUD", amount: 1.5, tags: ["red", "blue"], active: true });
  assert.match(made.id, /^[a-z0-9]{15,24}$/);
  assert.deepEqual([made.collectionName, made.amount, made.tags, made.active, made.cover], ["reports", 1.5, ["red", "blue"], true, ""]);
  const found = await guest.collection("reports").getFirstListItem(guest.filter("title = {:t} && amount > {:n}", { t: "CRUD", n: 1 }));
  assert.equal(found.id, made.id);
  const changed = await member.collection("reports").update(made.id, { "amount+": 2, "tags-": "red", summary: "more" });
  assert.deepEqual([changed.amount, changed.tags, changed.summary], [3.5, ["blue"], "more"]);
  const list = await guest.collection("reports").getList(1, 10, { filter: 'title ~ "crud"', sort: "-created", fields: "id,title" });
  assert.deepEqual([list.totalItems, list.items[0]], [1, { id: made.id, title: "CRUD" }]);
  await fails(guest.collection("reports").delete(made.id), 404);
  await member.collection("reports").delete(made.id);
  await fails(guest.collection("reports").getOne(made.id), 404);
});

test("the full list comes page by page", async () => {
  await Promise.all(Array.from({ length: 60 }, (_, i) => guest.collection("customers").create({ company: `full ${i}` })));
  const all = await guest.collection("customers").getFullList({ batch: 25, filter: 'company ~ "full"', sort: "company" });
  assert.equal(new Set(all.map((r) => r.id)).size, 60);
});

test("files are uploaded, kept, added, removed, served", async () => {
  const r = await member.collection("reports").create({ title: "Files", attachment: [file("My Photo.TXT", "one"), file("b.txt", "two")] });
  assert.match(r.attachment[0], /^my_photo_[a-z0-9]{10}\.TXT$/);
  assert.equal(await text(guest.files.getURL(r, r.attachment[0])), "one");
  const more = await member.collection("reports").update(r.id, { "attachment+": file("c.txt", "three") });
  assert.equal(more.attachment.length, 3);
  const fewer = await member.collection("reports").update(r.id, { "attachment-": r.attachment[0] });
  assert.deepEqual(fewer.attachment, more.attachment.slice(1));
  const mixed = await member.collection("reports").update(r.id, { attachment: [fewer.attachment[1], file("d.txt", "four")] });
  assert.equal(mixed.attachment[0], fewer.attachment[1]);
  assert.equal(await text(guest.files.getURL(r, mixed.attachment[1], { download: true })), "four");
  await fails(member.collection("reports").update(r.id, { attachment: ["nope.txt"] }), 400);
  const gone = await fetch(guest.files.getURL(r, r.attachment[0]));
  assert.equal(gone.status, 404);
});

test("parallel appends lose nothing", async () => {
  const r = await member.collection("reports").create({ title: "Parallel" });
  await Promise.all(Array.from({ length: 8 }, (_, i) => member.collection("reports").update(r.id, { "attachment+": file(`p${i}.txt`, `p${i}`) })));
  const after = await guest.collection("reports").getOne(r.id);
  assert.equal(after.attachment.length, 8);
});

test("protected files open with a file token", async () => {
  const pictures = await root.collections.create({ name: "vault", type: "base", viewRule: "@request.auth.id != ''", listRule: null, fields: [{ name: "doc", type: "file", protected: true }] });
  const r = await root.collection(pictures.name).create({ doc: file("s.txt", "secret") });
  const url = root.files.getURL(r, r.doc);
  assert.equal((await fetch(url)).status, 404);
  const token = await member.files.getToken();
  assert.equal(await text(root.files.getURL(r, r.doc, { token })), "secret");
  assert.equal((await fetch(root.files.getURL(r, r.doc, { token: member.authStore.token }))).status, 404);
  await fails(guest.files.getToken(), 401);
});

test("signing in, refreshing, changing the password", async () => {
  const pb = sdk();
  await fails(pb.collection("users").authWithPassword(dossier.member2.email, "wrong"), 400);
  const { token, record } = await pb.collection("users").authWithPassword(dossier.member2.email, dossier.member2.password);
  assert.ok(pb.authStore.isValid);
  assert.equal(record.email, dossier.member2.email);
  assert.equal((await pb.collection("users").authRefresh()).record.id, record.id);
  const methods = await guest.collection("users").listAuthMethods();
  assert.deepEqual([methods.password.enabled, methods.oauth2.enabled, methods.mfa.enabled], [true, false, false]);
  await fails(pb.collection("users").update(record.id, { password: "another-pass-1", passwordConfirm: "another-pass-1" }), 400);
  await pb.collection("users").update(record.id, { oldPassword: dossier.member2.password, password: "another-pass-1", passwordConfirm: "another-pass-1" });
  const old = sdk();
  old.authStore.save(token, record);
  await fails(old.collection("users").authRefresh(), 401);
  await pb.collection("users").authWithPassword(dossier.member2.email, "another-pass-1");
  const imp = await root.collection("users").impersonate(record.id, 60);
  assert.equal((await imp.collection("users").getOne(record.id)).id, record.id);
  await fails(guest.collection("users").getOne(record.id), 404);
  assert.ok(root.authStore.isSuperuser);
});

test("a user signs up", async () => {
  const pb = sdk();
  const made = await pb.collection("users").create({ email: "new@example.com", password: "new-password-1", passwordConfirm: "new-password-1", name: "New" });
  assert.equal(made.email, undefined);
  const { record } = await pb.collection("users").authWithPassword("new@example.com", "new-password-1");
  assert.equal(record.email, "new@example.com");
  await fails(guest.collection("users").create({ email: "new@example.com", password: "new-password-1", passwordConfirm: "new-password-1" }), 400);
  await fails(guest.collection("users").create({ email: "x@example.com", password: "short", passwordConfirm: "short" }), 400);
  await pb.collection("users").delete(record.id);
});

test("relations expand as far as the caller may see", async () => {
  const customer = await guest.collection("customers").create({ company: "Expanded" });
  const r = await member.collection("reports").create({ title: "Relation", customer: customer.id });
  const one = await guest.collection("reports").getOne(r.id, { expand: "customer" });
  assert.equal(one.expand.customer.company, "Expanded");
  const list = await guest.collection("reports").getList(1, 1, { filter: 'customer.company = "Expanded"' });
  assert.equal(list.items[0].id, r.id);
});

test("collections are made, changed, filled, emptied and removed by a superuser", async () => {
  const made = await root.collections.create({
    name: "invoices", type: "base", listRule: "", viewRule: "", createRule: "",
    fields: [{ name: "title", type: "text", required: true }, { name: "n", type: "number" }, { name: "doc", type: "file", maxSelect: 3 }],
  });
  await guest.collection("invoices").create({ title: "a", n: 1 });
  await guest.collection("invoices").create({ title: "b", n: 2, doc: [file("x.txt", "x")] });
  const changed = await root.collections.update("invoices", {
    name: "bills", fields: [...made.fields.filter((f) => f.name !== "n"), { name: "paid", type: "bool" }].map((f) => (f.name === "title" ? { ...f, name: "subject" } : f)),
  });
  assert.deepEqual(changed.fields.map((f) => f.name), ["id", "subject", "doc", "paid"]);
  const kept = await guest.collection("bills").getFullList({ sort: "subject" });
  assert.deepEqual(kept.map((r) => [r.subject, r.paid, r.n]), [["a", false, undefined], ["b", false, undefined]]);
  await fails(guest.collections.getFullList(), 401);
  await fails(member.collections.getFullList(), 403);
  assert.ok((await root.collections.getFullList()).some((c) => c.name === "bills"));
  await root.collections.truncate("bills");
  assert.equal((await guest.collection("bills").getFullList()).length, 0);
  await root.collections.delete("bills");
  await fails(root.collections.getOne("bills"), 404);
  await root.collections.import([{ name: "imported", type: "base", fields: [{ name: "t", type: "text" }] }], false);
  assert.equal((await root.collections.getOne("imported")).name, "imported");
  const scaffolds = await root.collections.getScaffolds();
  assert.deepEqual(Object.keys(scaffolds).sort(), ["auth", "base", "view"]);
});

test("a view collection shows a query", async () => {
  await root.collections.create({ name: "titles", type: "view", listRule: "", viewRule: "", viewQuery: "select id, title from reports" });
  const r = await member.collection("reports").create({ title: "Seen through a view" });
  const seen = await guest.collection("titles").getFirstListItem('title = "Seen through a view"');
  assert.equal(seen.id, r.id);
  await fails(guest.collection("titles").create({ title: "no" }), 400);
  await fails(root.collections.create({ name: "bad", type: "view", viewQuery: "delete from reports" }), 400);
});

test("batches are all or nothing", async () => {
  await root.settings.update({ batch: { enabled: true, timeout: 60 } });
  const batch = member.createBatch();
  batch.collection("reports").create({ title: "batch 1", attachment: [file("in-batch.txt", "batch")] });
  batch.collection("reports").create({ title: "batch 2" });
  const results = await batch.send();
  assert.deepEqual(results.map((r) => r.status), [200, 200]);
  assert.match(results[0].body.attachment[0], /^in_batch_[a-z0-9]{10}\.txt$/);
  const bad = member.createBatch();
  bad.collection("reports").update(results[0].body.id, { title: "changed" });
  bad.collection("reports").create({ title: "" });
  await fails(bad.send(), 400);
  assert.equal((await guest.collection("reports").getOne(results[0].body.id)).title, "batch 1");
});

test("subscribers hear of changes that they may see, in order", { timeout: 120_000 }, async () => {
  const pb = sdk();
  const heard = [];
  let enough;
  const three = new Promise((resolve) => { enough = resolve; });
  await pb.collection("customers").subscribe("*", (e) => { heard.push([e.action, e.record.company]); if (heard.length === 3) enough(); });
  const r = await guest.collection("customers").create({ company: "live" });
  // A change made through another dialect is heard too.
  const put = await fetch(`${server.url}/v1/objects/object_3/records/${r.id}`, {
    method: "PUT", headers: { "X-Knack-Application-ID": dossier.application, "X-Knack-REST-API-Key": dossier.apiKey, "Content-Type": "application/json" }, body: JSON.stringify({ field_30: "live 2" }),
  });
  assert.equal(put.status, 200);
  await guest.collection("customers").delete(r.id);
  await three;
  assert.deepEqual(heard, [["create", "live"], ["update", "live 2"], ["delete", "live 2"]]);
  await pb.collection("customers").unsubscribe();
});

test("settings, logs and crons answer superusers", async () => {
  const settings = await root.settings.getAll();
  assert.ok("meta" in settings && "batch" in settings && "smtp" in settings);
  await root.settings.update({ meta: { appName: "Renamed" } });
  assert.equal((await root.settings.getAll()).meta.appName, "Renamed");
  await fails(member.settings.getAll(), 403);

  await fails(guest.collection("logged").getList(), 404);
  const { items } = await root.logs.getList(1, 5, { filter: 'data.status = 404 && message ~ "logged"', sort: "-created" });
  assert.match(items[0].message, /^GET \/api\/collections\/logged\/records/);
  assert.deepEqual(await root.logs.getOne(items[0].id), items[0]);
  assert.ok((await root.logs.getStats({ filter: "data.status >= 200" })).reduce((sum, hour) => sum + hour.total, 0) > 10);
  await fails(member.logs.getList(), 403);

  assert.deepEqual((await root.crons.getFullList()).map((c) => c.id), ["sweep"]);
  assert.ok(await root.crons.run("sweep"));
  await fails(root.crons.run("nothing"), 404);
});

test("backups are made, listed, downloaded, uploaded, restored and deleted", { timeout: 300_000 }, async () => {
  await fails(member.backups.getFullList(), 403);
  await fails(guest.backups.create("mine.zip"), 401);
  assert.deepEqual(await root.backups.getFullList(), []);
  const kept = await member.collection("reports").create({ title: "Kept", attachment: [file("kept.txt", "kept bytes")] });
  assert.ok(await root.backups.create("one.zip"));
  await fails(root.backups.create("one.zip"), 400);
  const [made] = await root.backups.getFullList();
  assert.equal(made.key, "one.zip");

  const token = await root.files.getToken();
  const bytes = await (await fetch(root.backups.getDownloadURL(token, "one.zip"))).blob();
  assert.equal(bytes.size, made.size);
  assert.equal((await fetch(root.backups.getDownloadURL(await member.files.getToken(), "one.zip"))).status, 403);
  assert.ok(await root.backups.upload({ file: new File([bytes], "two.zip") }));
  await fails(root.backups.upload({ file: new File(["no zip"], "three.zip") }), 400);
  assert.ok(await root.backups.delete("one.zip"));
  await fails(root.backups.restore("one.zip"), 400);

  const lost = await member.collection("reports").create({ title: "Lost" });
  await member.collection("reports").delete(kept.id);
  assert.ok(await root.backups.restore("two.zip"));
  const gone = () => guest.collection("reports").getOne(lost.id).then(() => false, (e) => e.status === 404);
  while (!(await gone())) await new Promise((resolve) => setTimeout(resolve, 50));
  const back = await guest.collection("reports").getOne(kept.id);
  assert.deepEqual([back.title, back.updated], ["Kept", kept.updated]);
  assert.equal(await text(guest.files.getURL(back, back.attachment[0])), "kept bytes");
  assert.deepEqual((await root.backups.getFullList()).map((b) => b.key), ["two.zip"]);
  assert.ok(await root.backups.delete("two.zip"));
});

test("verification, password reset, email change and codes go by mail", { timeout: 120_000 }, async (t) => {
  const box = await openMailbox();
  t.after(() => box.close());
  await root.settings.update({
    smtp: { enabled: true, host: "127.0.0.1", port: box.port, localName: "localhost" },
    meta: { senderName: "House", senderAddress: "house@example.com", appURL: "https://house.example.com" },
  });
  assert.ok(await root.settings.testEmail("users", "probe@example.com", "verification"));
  assert.match(await box.next("probe@example.com"), /^From: "House" <house@example.com>/m);
  const token = async (to) => /Token: (\S+)/.exec(await box.next(to))[1];

  const pb = sdk();
  const users = pb.collection("users");
  const made = await users.create({ email: "mail@example.com", password: "first-password", passwordConfirm: "first-password" });
  assert.equal(made.verified, false);
  assert.ok(await users.requestVerification("mail@example.com"));
  assert.ok(await users.requestVerification("nobody@example.com"));
  assert.ok(await users.confirmVerification(await token("mail@example.com")));

  assert.ok(await users.requestPasswordReset("mail@example.com"));
  const reset = await token("mail@example.com");
  await fails(users.confirmPasswordReset("bad-token", "second-password", "second-password"), 400);
  await fails(users.confirmPasswordReset(reset, "second-password", "other-password"), 400);
  assert.ok(await users.confirmPasswordReset(reset, "second-password", "second-password"));
  await fails(users.confirmPasswordReset(reset, "third-password", "third-password"), 400);
  const { record } = await users.authWithPassword("mail@example.com", "second-password");
  assert.equal(record.verified, true);

  assert.ok(await users.requestEmailChange("moved@example.com"));
  const change = await token("moved@example.com");
  await fails(users.confirmEmailChange(change, "wrong-password"), 400);
  assert.ok(await users.confirmEmailChange(change, "second-password"));
  await fails(users.authRefresh(), 401);

  await fails(users.requestOTP("moved@example.com"), 403);
  await root.collections.update("users", { otp: { enabled: true, duration: 180, length: 8 } });
  assert.equal((await users.listAuthMethods()).otp.enabled, true);
  const { otpId } = await users.requestOTP("moved@example.com");
  const code = /\b\d{8}\b/.exec((await box.next("moved@example.com")).split("\n\n").slice(1).join("\n"))[0];
  await fails(users.authWithOTP(otpId, "00000000x"), 400);
  assert.equal((await users.authWithOTP(otpId, code)).record.email, "moved@example.com");
  await fails(users.authWithOTP(otpId, code), 400);
  await users.authRefresh();
});
