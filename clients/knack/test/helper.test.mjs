// The npm package knack-api-helper, with nothing changed but its public property urlBase.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import KnackAPI from "knack-api-helper";
import * as dossier from "../../lib/dossier.mjs";

let server, objects, views;

before(async () => {
  server = await dossier.start();
  objects = new KnackAPI({ auth: "object-based", applicationId: dossier.application, apiKey: dossier.apiKey });
  views = new KnackAPI({ auth: "view-based", applicationId: dossier.application });
  for (const api of [objects, views]) api.urlBase = `${server.url}/v1`;
});
after(() => server.stop());

const object = "object_2";
const headers = { "X-Knack-Application-ID": dossier.application, "X-Knack-REST-API-Key": dossier.apiKey };

// refused checks that a call fails with a status; the helper's error names it in its message.
const refused = (promise, status) => assert.rejects(promise, new RegExp(`Code: ${status}\\b`));

// upload sends one file as the documentation's sample does.
async function upload(kind, name, content) {
  const form = new FormData();
  form.append("files", new Blob([content]), name);
  const r = await fetch(`${server.url}/v1/applications/${dossier.application}/assets/${kind}/upload`, { method: "POST", headers, body: form });
  assert.equal(r.status, 200);
  return r.json();
}

test("a record is created, read, updated and deleted", async () => {
  const made = (await objects.post({ object, body: { field_10: "One", field_12: 1.5 } })).json;
  assert.match(made.id, /^[0-9a-f]{24}$/);
  const read = (await objects.get({ object, recordId: made.id })).json;
  assert.deepEqual([read.field_10, read.field_10_raw, read.field_12_raw], ["One", "One", 1.5]);
  const changed = (await objects.put({ object, recordId: made.id, body: { field_10: "Two" } })).json;
  assert.deepEqual([changed.field_10, changed.field_12_raw], ["Two", 1.5]);
  assert.deepEqual((await objects.delete({ object, recordId: made.id })).json, { delete: true });
  await refused(objects.get({ object, recordId: made.id, retries: 0 }), 404);
});

test("many records are created, updated and deleted", async () => {
  const created = await objects.postMany({ object, records: [1, 2, 3].map((n) => ({ field_10: `many ${n}` })) });
  assert.deepEqual([created.summary.fulfilled, created.summary.rejected], [3, 0]);
  const ids = created.map((r) => r.value.json.id);
  const updated = await objects.putMany({ object, records: ids.map((id) => ({ id, field_11: "all" })) });
  assert.equal(updated.summary.fulfilled, 3);
  const filters = { match: "and", rules: [{ field: "field_11", operator: "is", value: "all" }] };
  assert.equal((await objects.getMany({ object, filters })).records.length, 3);
  assert.equal((await objects.deleteMany({ object, records: ids.map((id) => ({ id })) })).summary.fulfilled, 3);
  assert.equal((await objects.getMany({ object, filters })).records.length, 0);
});

test("2,300 records come through paging, each once", { timeout: 120_000 }, async () => {
  for (let from = 0; from < 2300; from += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, i) => objects.post({ object: "object_3", body: { field_30: `page ${from + i}` } })));
  }
  const { records, pages } = await objects.getMany({ object: "object_3", filters: [{ field: "field_30", operator: "starts with", value: "page " }] });
  assert.equal(pages.length, 3);
  assert.equal(new Set(records.map((r) => r.id)).size, 2300);
  assert.equal(new Set(records.map((r) => r.field_30)).size, 2300);
  const some = await objects.getMany({ object: "object_3", rowsPerPage: 100, maxRecordsToGet: 250, format: "raw" });
  assert.equal(some.records.length, 250);
});

test("filters reach the server as they were written, whatever they hold", async () => {
  const title = 'odd; "quotes" & ampersands + plus % percent';
  const { id } = (await objects.post({ object, body: { field_10: title } })).json;
  const found = await objects.getMany({ object, filters: [{ field: "field_10", operator: "contains", value: "odd; " }] });
  assert.deepEqual(found.records.map((r) => r.id), [id]);
});

test("a file is uploaded, attached, read and downloaded", async () => {
  const asset = await upload("file", "Lease 2031.txt", "the lease");
  assert.deepEqual(Object.keys(asset).sort(), ["filename", "id", "public_url", "size", "thumb_url", "type", "url"]);
  const { id } = (await objects.post({ object, body: { field_10: "With a file", field_21: asset.id } })).json;
  const { field_21_raw: raw, field_21: anchor } = (await objects.get({ object, recordId: id })).json;
  assert.deepEqual([raw.id, raw.filename, raw.size, raw.type, raw.s3, raw.field_key], [asset.id, "Lease 2031.txt", 9, "file", true, "field_21"]);
  assert.ok(anchor.startsWith('<a class="kn-view-asset" data-field-key="field_21"'), anchor);
  assert.equal(await (await fetch(raw.url)).text(), "the lease");
});

test("a login opens protected pages, and its token is checked", async () => {
  const asGuest = { scene: "scene_2", view: "view_3", retries: 0 };
  await refused(views.get(asGuest), 403);
  const token = await views.login(dossier.member1);
  assert.equal(token.split(".").length, 3);
  assert.equal(await views.validateSession({ userToken: token }), true);
  assert.equal(await views.validateSession({ userToken: token.slice(0, -3) + "abc" }), false);
  const page = (await views.get(asGuest)).json;
  assert.ok(page.total_records > 0);
  assert.deepEqual(Object.keys(page.records[0]).filter((k) => !k.endsWith("_raw")).sort(), ["field_10", "field_23", "id"]);
  await refused(views.remoteLogin({ email: dossier.member1.email, password: "wrong" }), 401);
});

test("a form view takes its inputs and no other", async () => {
  await views.login(dossier.member1);
  const form = { scene: "scene_1", view: "view_1" };
  const made = (await views.post({ ...form, body: { field_10: "Through a form", field_11: "not an input", field_12: "7" } })).json;
  assert.equal(made.record.id, made.id);
  const whole = (await objects.get({ object, recordId: made.id })).json;
  assert.deepEqual([whole.field_10, whole.field_11, whole.field_12_raw], ["Through a form", "", 7]);
  await refused(views.post({ ...form, body: {}, retries: 0 }), 400);
  const listed = await views.getMany({ scene: "scene_1", view: "view_2", filters: [{ field: "field_10", operator: "is", value: "Through a form" }] });
  assert.deepEqual(listed.records.map((r) => r.id), [made.id]);
});

test("in view mode, records are created, read, updated and deleted where views offer it", async () => {
  await views.login(dossier.member1);
  const scene = "scene_3";
  const made = (await views.post({ scene, view: "view_4", body: { field_30: "Acme" } })).json;
  const record = { scene, view: "view_5", recordId: made.id };
  assert.equal((await views.get(record)).json.field_30, "Acme");
  assert.equal((await views.put({ ...record, body: { field_30: "Acme Ltd" } })).json.record.field_30, "Acme Ltd");
  assert.deepEqual((await views.delete(record)).json, { delete: true });
  await refused(views.get({ ...record, retries: 0 }), 404);
  await refused(views.delete({ scene, view: "view_4", recordId: made.id, retries: 0 }), 400);
  await refused(views.put({ scene: "scene_1", view: "view_2", recordId: made.id, body: { field_10: "x" }, retries: 0 }), 400);
});

test("in view mode, many records are created, updated, found and deleted", async () => {
  await views.login(dossier.member1);
  const form = { scene: "scene_3", view: "view_4" }, table = { scene: "scene_3", view: "view_5" };
  const created = await views.postMany({ ...form, records: [1, 2, 3].map((n) => ({ field_30: `view ${n}` })) });
  assert.deepEqual([created.summary.fulfilled, created.summary.rejected], [3, 0]);
  const ids = created.map((r) => r.value.json.id);
  const updated = await views.putMany({ ...table, records: ids.map((id) => ({ id, field_30: "all in view" })) });
  assert.equal(updated.summary.fulfilled, 3);
  const filters = [{ field: "field_30", operator: "is", value: "all in view" }];
  assert.deepEqual((await views.getMany({ ...table, filters })).records.map((r) => r.id).sort(), [...ids].sort());
  assert.equal((await views.deleteMany({ ...table, records: ids.map((id) => ({ id })) })).summary.fulfilled, 3);
  assert.equal((await views.getMany({ ...table, filters })).records.length, 0);
});

test("a child page shows what belongs to its record, and its form ties new records to it", async () => {
  const company = async (name) => (await objects.post({ object: "object_3", body: { field_30: name } })).json.id;
  const [acme, beta] = [await company("Parent"), await company("Other")];
  await views.login(dossier.member1);
  const made = (await views.post({ scene: "scene_4", view: "view_8", body: { field_10: "Of the parent", "customer-details_id": acme } })).json;
  const shown = async (id) => {
    const r = await fetch(`${server.url}/v1/pages/scene_4/views/view_7/records?customer-details_id=${id}`, { headers });
    return (await r.json()).records.map((record) => record.id);
  };
  assert.deepEqual(await shown(acme), [made.id]);
  assert.deepEqual(await shown(beta), []);
});

test("report views answer", async () => {
  assert.deepEqual((await views.getFromReportView({ scene: "scene_1", view: "view_2" })).json, { reports: [] });
});
