// What the other services of the official JavaScript SDK ask for: every public method that sdk.test.mjs does not call.
import { test } from "node:test";
import assert from "node:assert/strict";
import { getTokenPayload, isTokenExpired } from "pocketbase";
import * as dossier from "../../lib/dossier.mjs";
import { server, guest, member, root, sdk, fails } from "../stage.mjs";

// listening subscribes and collects what is heard; heard(n) waits for n messages.
async function listening(subscribe) {
  const all = [];
  const waiting = [];
  const stop = await subscribe((e) => {
    all.push(e);
    for (const w of waiting) if (all.length >= w.n) w.resolve(all);
  });
  const heard = (n) => (all.length >= n ? Promise.resolve(all) : new Promise((resolve) => waiting.push({ n, resolve })));
  return { all, heard, stop };
}

test("tokens say what the SDK reads in them", async () => {
  const claims = getTokenPayload(member.authStore.token);
  assert.deepEqual(Object.keys(claims).sort(), ["collectionId", "exp", "id", "refreshable", "type"]);
  assert.deepEqual([claims.collectionId, claims.type, claims.refreshable, claims.id], ["_pb_users_auth_", "auth", true, member.authStore.record.id]);
  assert.equal(isTokenExpired(member.authStore.token, 431_000), false);
  assert.equal(isTokenExpired(member.authStore.token, 432_010), true);
  assert.equal(getTokenPayload(root.authStore.token).collectionId, "pbc_3142635823");
  assert.equal(isTokenExpired(root.authStore.token, 86_410), true);
  const cookie = member.authStore.exportToCookie({ httpOnly: false });
  const copy = sdk();
  copy.authStore.loadFromCookie(cookie);
  assert.equal((await copy.collection("users").authRefresh()).record.id, member.authStore.record.id);
});

test("a superuser whose token is about to end is signed in anew by the SDK", async () => {
  const pb = sdk();
  await pb.collection("_superusers").authWithPassword(dossier.superuser.email, dossier.superuser.password, { autoRefreshThreshold: 100_000 });
  const first = getTokenPayload(pb.authStore.token);
  await pb.collections.getOne("users"); // every call refreshes, as the threshold is longer than the token's life
  assert.ok(pb.authStore.isSuperuser && getTokenPayload(pb.authStore.token).exp >= first.exp);
});

test("whoever acts as somebody else is not renewed", async () => {
  const as = await root.collection("users").impersonate(member.authStore.record.id, 60);
  assert.equal(getTokenPayload(as.authStore.token).refreshable, false);
  const before = as.authStore.token;
  assert.equal((await as.collection("users").authRefresh()).token, before);
  await fails(member.collection("users").impersonate(member.authStore.record.id, 60), 403);
  await fails(guest.collection("users").impersonate(member.authStore.record.id, 60), 401);
});

test("other services sign nobody in, and nobody has linked one", async () => {
  const users = member.collection("users");
  await fails(guest.collection("users").authWithOAuth2Code("google", "code", "verifier", "https://app.example/redirect"), 403);
  await assert.rejects(guest.collection("users").authWithOAuth2({ provider: "google", urlCallback: () => {} }));
  assert.deepEqual(await users.listExternalAuths(member.authStore.record.id), []);
  await fails(users.unlinkExternalAuth(member.authStore.record.id, "google"), 404);
  assert.ok(Array.isArray(await root.collections.getAllOAuth2Providers()));
  await fails(guest.collections.getAllOAuth2Providers(), 401);
  assert.ok((await root.settings.generateAppleClientSecret("a", "b", "c", "d", 60).catch((e) => e.status)) >= 400);
});

test("codes that hold can be looked up", async () => {
  await root.collections.update("users", { otp: { enabled: true, duration: 180, length: 8 } });
  const { otpId } = await guest.collection("users").requestOTP(dossier.member1.email);
  const seen = await member.collection("_otps").getFullList();
  assert.deepEqual(seen.map((o) => [o.id, o.recordRef, o.sentTo]), [[otpId, member.authStore.record.id, undefined]]);
  assert.equal((await root.collection("_otps").getOne(otpId)).sentTo, dossier.member1.email);
  assert.deepEqual(await guest.collection("_otps").getFullList(), []);
  assert.ok(await root.collection("_otps").delete(otpId));
  await fails(guest.collection("users").authWithOTP(otpId, "12345678"), 400);
  await root.collections.update("users", { otp: { enabled: false } });
});

test("an export can be imported again", async () => {
  const all = await root.collections.getFullList();
  const system = ["_authOrigins", "_externalAuths", "_mfas", "_otps", "_superusers"];
  assert.deepEqual(all.filter((c) => c.system).map((c) => c.name).sort(), system);
  assert.ok(await root.collections.import(all, true));
  const again = await root.collections.getFullList();
  assert.deepEqual(again.map((c) => [c.id, c.name, c.fields, c.indexes]), all.map((c) => [c.id, c.name, c.fields, c.indexes]));
  assert.equal((await root.collections.getFirstListItem('name = "reports"')).name, "reports");
  const page = await root.collections.getList(1, 2, { sort: "name", filter: "system = false" });
  assert.deepEqual([page.items.length, page.perPage, page.totalItems], [2, 2, 3]);
});

test("a view's query is tried", async () => {
  await guest.collection("customers").create({ company: "tried" });
  const tried = await root.collections.dryRunViewQuery("select id, company from customers where company = 'tried'");
  assert.deepEqual([tried.fields.map((f) => f.name), tried.sample.map((r) => r.company)], [["id", "company"], ["tried"]]);
  await fails(root.collections.dryRunViewQuery("select"), 400);
});

test("batches create, change, upsert and delete", async () => {
  await root.settings.update({ batch: { enabled: true, maxRequests: 50 } });
  const customer = await guest.collection("customers").create({ company: "in a batch" });
  const batch = guest.createBatch();
  batch.collection("customers").create({ company: "made" }, { fields: "company" });
  batch.collection("customers").update(customer.id, { company: "changed" });
  batch.collection("customers").upsert({ id: "batchupsert0001", company: "first" });
  batch.collection("customers").upsert({ id: "batchupsert0001", company: "second", logo: null });
  batch.collection("customers").delete(customer.id);
  const results = await batch.send();
  assert.deepEqual(results.map((r) => r.status), [200, 200, 200, 200, 204]);
  assert.deepEqual([results[0].body, results[1].body.company, results[3].body.company, results[4].body], [{ company: "made" }, "changed", "second", null]);
  await fails(guest.collection("customers").getOne(customer.id), 404);
  await fails(guest.createBatch().send(), 400);
});

test("subscribers choose a record, a filter, fields and what is expanded", { timeout: 30_000 }, async () => {
  const pb = sdk();
  await pb.collection("users").authWithPassword(dossier.member1.email, dossier.member1.password);
  const customer = await guest.collection("customers").create({ company: "heard of" });
  const quiet = await member.collection("reports").create({ title: "quiet", amount: 1 });
  const reports = pb.collection("reports");
  const large = await listening((fn) => reports.subscribe("*", fn, { filter: "amount > 5", fields: "title,expand.customer.company", expand: "customer" }));
  const one = await listening((fn) => reports.subscribe(quiet.id, fn, { headers: { "x-any": "1" } }));
  const raw = await listening((fn) => pb.realtime.subscribe("reports/*", fn, { query: { fields: "id" } }));
  await member.collection("reports").create({ title: "small", amount: 2 });
  const big = await member.collection("reports").create({ title: "big", amount: 9, customer: customer.id });
  await member.collection("reports").update(quiet.id, { amount: 3 });
  assert.deepEqual((await large.heard(1))[0], { action: "create", record: { title: "big", expand: { customer: { company: "heard of" } } } });
  assert.deepEqual((await one.heard(1)).map((e) => [e.action, e.record.amount]), [["update", 3]]);
  const ids = await raw.heard(3);
  assert.deepEqual([ids.map((e) => e.action), ids[1].record], [["create", "create", "update"], { id: big.id }]);
  await one.stop();
  await raw.stop();
  await member.collection("reports").update(quiet.id, { amount: 7 });
  await large.heard(2);
  assert.deepEqual([one.all.length, raw.all.length], [1, 3]);
  await pb.realtime.unsubscribeByPrefix("reports");
  assert.equal(pb.realtime.isConnected, false);
});

test("a subscriber who may not see hears nothing", { timeout: 30_000 }, async () => {
  const pb = sdk();
  const users = await listening((fn) => pb.collection("users").subscribe("*", fn));
  const customers = await listening((fn) => pb.collection("customers").subscribe("*", fn));
  await member.collection("users").update(member.authStore.record.id, { name: "Renamed" });
  await guest.collection("customers").create({ company: "after" }); // its event comes after that of the user
  await customers.heard(1);
  assert.equal(users.all.length, 0);
  await pb.realtime.unsubscribe();
});

test("every letter can be tried", async () => {
  for (const kind of ["verification", "password-reset", "email-change", "otp", "login-alert"]) {
    assert.ok(await root.settings.testEmail("users", "probe@example.com", kind)); // to the log: there is no mail server
  }
  await fails(root.settings.testEmail("users", "probe@example.com", "other"), 400);
});

test("what the server does not do is refused", async () => {
  await fails(root.settings.testS3("storage"), 400);
  await fails(member.settings.testS3("storage"), 403);
  await fails(root.settings.testEmail("users", "nobody", "verification"), 400);
  await fails(root.sql.run("select 1"), 403);
  await fails(member.sql.run("select 1"), 403);
  await fails(root.send("/api/nothing", { method: "GET" }), 404);
  await fails(root.collections.update("users", { mfa: { enabled: true } }), 400);
});

test("logs and crons are for superusers, and say what was asked for", async () => {
  await fails(guest.logs.getStats(), 401);
  await fails(member.logs.getOne("nothing"), 403);
  await fails(root.logs.getOne("nothing"), 404);
  await fails(member.crons.getFullList(), 403);
  await fails(guest.crons.run("sweep"), 401);
  const page = await root.logs.getList(1, 1, { sort: "-@rowid", skipTotal: true });
  assert.deepEqual([page.items.length, page.totalItems], [1, -1]);
});

test("the SDK's own paths and headers arrive", async () => {
  const seen = {};
  const pb = sdk();
  pb.beforeSend = (url, options) => { Object.assign(seen, { url, options }); return { url, options }; };
  pb.afterSend = (response, data) => ({ ...data, status: response.status });
  assert.equal((await pb.health.check()).status, 200);
  assert.equal(seen.url, pb.buildURL("/api/health"));
  const thumb = pb.files.getURL({ id: "a b", collectionId: "", collectionName: "reports" }, "x y.png", { thumb: "100x100", download: true });
  assert.match(thumb, /\/api\/files\/reports\/a%20b\/x%20y\.png\?thumb=100x100&download=true$/);
  assert.equal((await fetch(thumb)).status, 404);
});
