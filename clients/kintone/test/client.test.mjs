// The official JavaScript client, with nothing changed but the base URL.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { KintoneRestAPIClient } from "@kintone/rest-api-client";
import * as dossier from "../../lib/dossier.mjs";

let server, reports, root;
const login = ({ email, password }) => ({ username: email, password });
const client = (auth) => new KintoneRestAPIClient({ baseUrl: server.url, auth });

before(async () => {
  server = await dossier.start();
  reports = client({ apiToken: dossier.reportsToken });
  root = client(login(dossier.superuser));
});
after(() => server.stop());

const app = 2;
const bytes = (text) => Buffer.from(text);
const upload = async (name, data) => (await reports.file.uploadFile({ file: { name, data } })).fileKey;
const titled = (title) => ({ title: { value: title } });
const fails = (promise, status, code) =>
  assert.rejects(promise, (e) => {
    assert.equal(e.status, status, e.message);
    assert.equal(e.code, code, e.message);
    return true;
  });

test("a file is uploaded, attached, read and downloaded", async () => {
  const fileKey = await upload("見積 書.txt", bytes("ABC"));
  assert.match(fileKey, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const { id, revision } = await reports.record.addRecord({ app, record: { ...titled("One"), attachment: { value: [{ fileKey }] } } });
  assert.equal(revision, "1");
  const { record } = await reports.record.getRecord({ app, id });
  const [file] = record.attachment.value;
  assert.deepEqual({ ...file, fileKey: "" }, { contentType: "text/plain", fileKey: "", name: "見積 書.txt", size: "3" });
  assert.equal(Buffer.from(await reports.file.downloadFile({ fileKey: file.fileKey })).toString(), "ABC");
  await fails(reports.record.addRecord({ app, record: { ...titled("Two"), attachment: { value: [{ fileKey }] } } }), 404, "GAIA_BL01");
  await assert.rejects(reports.file.downloadFile({ fileKey }), /404/);
});

test("files are kept, added and removed by the list that is written", async () => {
  const first = await upload("a.txt", bytes("a"));
  const { id } = await reports.record.addRecord({ app, record: { ...titled("List"), attachment: { value: [{ fileKey: first }] } } });
  const kept = (await reports.record.getRecord({ app, id })).record.attachment.value[0];
  const second = await upload("b.txt", bytes("b"));
  await reports.record.updateRecord({ app, id, record: { attachment: { value: [kept, { fileKey: second }] } } });
  const both = (await reports.record.getRecord({ app, id })).record.attachment.value;
  assert.deepEqual(both.map((f) => f.name), ["a.txt", "b.txt"]);
  assert.equal(both[0].fileKey, kept.fileKey);
  await reports.record.updateRecord({ app, id, record: { attachment: { value: [] } } });
  assert.deepEqual((await reports.record.getRecord({ app, id })).record.attachment.value, []);
  await assert.rejects(reports.file.downloadFile({ fileKey: kept.fileKey }), /404/);
});

test("files live in table rows", async () => {
  const fileKey = await upload("proof.pdf", bytes("%PDF-1.4"));
  const { id } = await reports.record.addRecord({
    app,
    record: { ...titled("Table"), lines: { value: [{ value: { item: { value: "x" }, qty: { value: "2" }, proof: { value: [{ fileKey }] } } }] } },
  });
  const [row] = (await reports.record.getRecord({ app, id })).record.lines.value;
  assert.equal(row.value.item.value, "x");
  assert.equal(row.value.proof.value[0].name, "proof.pdf");
  await reports.record.updateRecord({ app, id, record: { lines: { value: [{ id: row.id, value: { item: { value: "y" } } }, { value: { item: { value: "z" } } }] } } });
  const rows = (await reports.record.getRecord({ app, id })).record.lines.value;
  assert.deepEqual(rows.map((r) => [r.value.item.value, r.value.proof.value.length]), [["y", 1], ["z", 0]]);
  assert.equal(rows[0].id, row.id);
});

test("20 concurrent adds with one upload key: one succeeds", async () => {
  const fileKey = await upload("once.txt", bytes("once"));
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => reports.record.addRecord({ app, record: { ...titled(`once ${i}`), attachment: { value: [{ fileKey }] } } })),
  );
  assert.equal(results.filter((r) => r.status === "fulfilled").length, 1);
  for (const r of results.filter((r) => r.status === "rejected")) assert.equal(r.reason.code, "GAIA_BL01");
});

test("records are found by query, counted, limited and chosen by field", async () => {
  await reports.record.addRecords({ app, records: ["q1", "q2", "q3"].map((t, i) => ({ ...titled(`query ${t}`), amount: { value: String(i) }, status: { value: "Draft" } })) });
  const { records, totalCount } = await reports.record.getRecords({
    app, query: 'title like "query" and amount >= 1 and status in ("Draft") order by amount desc limit 1', fields: ["title", "$id"], totalCount: true,
  });
  assert.equal(totalCount, "2");
  assert.deepEqual(Object.keys(records[0]).sort(), ["$id", "title"]);
  assert.equal(records[0].title.value, "query q3");
  await fails(reports.record.getRecords({ app, query: "nothing = 1" }), 400, "GAIA_IQ11");
  await fails(reports.record.getRecords({ app, query: "title =" }), 400, "CB_VA01");
});

test("an update must fit the revision", async () => {
  const { id } = await reports.record.addRecord({ app, record: titled("Revision") });
  assert.equal((await reports.record.updateRecord({ app, id, record: titled("Revision 2"), revision: 1 })).revision, "2");
  await fails(reports.record.updateRecord({ app, id, record: titled("late"), revision: 1 }), 409, "GAIA_CO02");
});

test("many records are updated, upserted and deleted", async () => {
  const { ids } = await reports.record.addRecords({ app, records: [titled("m1"), titled("m2")] });
  const { records } = await reports.record.updateRecords({ app, records: ids.map((id) => ({ id, record: { summary: { value: "changed" } } })) });
  assert.deepEqual(records, ids.map((id) => ({ id, revision: "2" })));
  const upserted = await reports.record.updateRecords({ app, upsert: true, records: [{ id: ids[0], record: titled("m1 again") }, { id: 9007199254740991, record: titled("new by upsert") }] });
  assert.deepEqual(upserted.records.map((r) => r.operation), ["UPDATE", "INSERT"]);
  await reports.record.deleteRecords({ app, ids: [...ids, upserted.records[1].id], revisions: [null, null, null] });
  await fails(reports.record.getRecord({ app, id: ids[0] }), 404, "GAIA_RE01");
});

test("all records come through id paging and through a cursor", async () => {
  await reports.record.addAllRecords({ app, records: Array.from({ length: 250 }, (_, i) => ({ ...titled(`bulk ${i}`), amount: { value: i } })) });
  const condition = 'title like "bulk"';
  assert.equal((await reports.record.getAllRecords({ app, condition })).length, 250);
  const sorted = await reports.record.getAllRecordsWithCursor({ app, query: `${condition} order by amount desc` });
  assert.deepEqual(sorted.map((r) => Number(r.amount.value)), Array.from({ length: 250 }, (_, i) => 249 - i));
  const { id, totalCount } = await reports.record.createCursor({ app, query: condition, size: 100 });
  assert.equal(totalCount, "250");
  assert.equal((await reports.record.getRecordsByCursor({ id })).records.length, 100);
  await reports.record.deleteCursor({ id });
  await fails(reports.record.getRecordsByCursor({ id }), 404, "GAIA_CN01");
  const all = await reports.record.getAllRecordsWithId({ app, condition, fields: ["$id"] });
  await reports.record.updateAllRecords({ app, records: all.map((r) => ({ id: r.$id.value, record: { summary: { value: "all" } } })) });
  await reports.record.deleteAllRecords({ app, records: all.map((r) => ({ id: r.$id.value })) });
  assert.equal((await reports.record.getAllRecords({ app, condition })).length, 0);
});

test("a bulk request that fails at its second item changes nothing and leaves its keys usable", async () => {
  const fileKey = await upload("bulk.txt", bytes("bulk"));
  const add = (record) => ({ method: "POST", endpointName: "record", payload: { app, record } });
  const good = { ...titled("in bulk"), attachment: { value: [{ fileKey }] } };
  await assert.rejects(reports.bulkRequest({ requests: [add(good), add({ title: { value: "" } })] }), (e) => {
    assert.equal(e.bulkRequestIndex, 1);
    assert.equal(e.code, "CB_VA01");
    return true;
  });
  assert.equal((await reports.record.getRecords({ app, query: 'title = "in bulk"' })).records.length, 0);
  const { results } = await reports.bulkRequest({ requests: [add(good), add(titled("second"))] });
  assert.deepEqual(results.map((r) => r.revision), ["1", "1"]);
});

test("validation names every field", async () => {
  await assert.rejects(reports.record.addRecord({ app, record: { amount: { value: "many" }, status: { value: "Nowhere" } } }), (e) => {
    assert.equal(e.status, 400);
    assert.deepEqual(Object.keys(e.errors).sort(), ["record.status.value", "record.title.value", "record[amount].value"]);
    return true;
  });
});

test("who may not, is refused as the original refuses", async () => {
  await fails(client({ apiToken: "x".repeat(40) }).record.getRecords({ app }), 400, "GAIA_IA02");
  await fails(client(login({ email: "root@example.com", password: "wrong" })).record.getRecords({ app }), 401, "CB_WA01");
  await fails(client({ apiToken: dossier.viewToken }).record.addRecord({ app, record: titled("no") }), 403, "GAIA_NO01");
  await fails(client({ apiToken: dossier.customersToken }).record.getRecords({ app }), 403, "GAIA_NO01");
  const several = client({ apiToken: [dossier.viewToken, dossier.customersToken] });
  assert.ok((await several.record.getRecords({ app })).records.length > 0);
  const member = client(login(dossier.member1));
  const { id } = await member.record.addRecord({ app, record: titled("by a member") });
  assert.equal((await member.record.getRecord({ app, id })).record.Created_by.value.code, dossier.member1.email);
});

test("an app is made, changed and deployed, and used at once", async () => {
  const { app: made } = await root.app.addApp({ name: "Made here" });
  await fails(root.app.getApp({ id: made }), 404, "GAIA_AP01");
  await root.app.addFormFields({
    app: made,
    properties: {
      name: { type: "SINGLE_LINE_TEXT", code: "name", label: "Name", required: true, unique: true },
      kind: { type: "DROP_DOWN", code: "kind", label: "Kind", options: { A: { label: "A", index: "0" }, B: { label: "B", index: "1" } } },
      files: { type: "FILE", code: "files", label: "Files", thumbnailSize: "150" },
      gone: { type: "NUMBER", code: "gone", label: "Gone" },
      rows: { type: "SUBTABLE", code: "rows", label: "Rows", fields: { note: { type: "MULTI_LINE_TEXT", code: "note", label: "Note" } } },
    },
  });
  await root.app.updateFormFields({ app: made, properties: { kind: { type: "DROP_DOWN", code: "kind", label: "Sort" } } });
  await root.app.deleteFormFields({ app: made, fields: ["gone"] });
  await root.app.deployApp({ apps: [{ app: made }] });
  const { apps } = await root.app.getDeployStatus({ apps: [made] });
  assert.deepEqual(apps, [{ app: made, status: "SUCCESS" }]);
  const { properties } = await root.app.getFormFields({ app: made });
  assert.equal(properties.kind.label, "Sort");
  assert.ok(!("gone" in properties));
  assert.equal(properties.rows.fields.note.type, "MULTI_LINE_TEXT");
  const { layout } = await root.app.getFormLayout({ app: made });
  assert.ok(layout.length > 0);
  const { fileKey } = await root.file.uploadFile({ file: { name: "x.txt", data: "x" } });
  const { id } = await root.record.addRecord({ app: made, record: { name: { value: "n" }, kind: { value: "B" }, files: { value: [{ fileKey }] }, rows: { value: [{ value: { note: { value: "hi" } } }] } } });
  const { record } = await root.record.getRecord({ app: made, id });
  assert.equal(record.kind.value, "B");
  assert.equal(record.rows.value[0].value.note.value, "hi");
  const upserted = await root.record.upsertRecord({ app: made, updateKey: { field: "name", value: "n" }, record: { kind: { value: "A" } } });
  assert.equal(upserted.revision, "2");
  assert.equal((await root.app.getApps({ name: "made" })).apps.length, 1);
});
