// The official command line: 500 records with 1,000 attachments go out and come in again, byte for byte and name for name.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { KintoneRestAPIClient } from "@kintone/rest-api-client";
import * as dossier from "../../lib/dossier.mjs";

const bin = join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules", ".bin", "cli-kintone");
const records = 500;
let server, dir, reports;

before(async () => {
  // The command line refuses plain HTTP, localhost or not: TLS with a certificate that Node is told to trust.
  server = await dossier.start({ tls: true });
  dir = mkdtempSync(join(tmpdir(), "dossier-cli-"));
});
after(async () => {
  rmSync(dir, { recursive: true, force: true });
  await server.stop();
});

const cli = async (...args) => {
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: server.certificate, LANG: "C.UTF-8" };
  const { stdout } = await promisify(execFile)(bin, [...args, "--base-url", server.url, "--api-token", dossier.reportsToken, "--app", "2"], { env, maxBuffer: 1 << 28 });
  return stdout;
};

// tree is every file below a folder: its path without the record's number, with a hash of its bytes.
const tree = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => `${e.name} ${createHash("sha256").update(readFileSync(join(e.parentPath ?? e.path, e.name))).digest("hex")}`)
    .sort();

test("records with attachments make a round trip", { timeout: 300_000 }, async () => {
  const names = (i) => [`資料 ${i}.txt`, `plain-${i}.bin`];
  const attachments = join(dir, "in");
  const rows = ['"title","amount","attachment"'];
  mkdirSync(attachments);
  for (let i = 0; i < records; i++) {
    for (const name of names(i)) writeFileSync(join(attachments, name), Buffer.from(`${name} ${"x".repeat(i)}`));
    rows.push(`"record ${i}","${i}.50","${names(i).join("\n")}"`);
  }
  const csv = join(dir, "in.csv");
  writeFileSync(csv, rows.join("\n") + "\n");
  await cli("record", "import", "--file-path", csv, "--attachments-dir", attachments);

  const out = join(dir, "out");
  const exported = await cli("record", "export", "--attachments-dir", out, "--order-by", "amount asc");
  assert.equal(exported.match(/^\*,"\d+"/gm)?.length ?? 0, records, exported.slice(0, 500));
  assert.deepEqual(tree(out), tree(attachments));

  const again = join(dir, "again.csv");
  writeFileSync(again, exported);
  await cli("record", "delete", "--yes");
  await cli("record", "import", "--file-path", again, "--attachments-dir", out);
  const back = join(dir, "back");
  const second = await cli("record", "export", "--attachments-dir", back, "--order-by", "amount asc");
  assert.deepEqual(tree(back), tree(attachments));
  assert.equal(second.match(/"record \d+"/g).length, records);
});

test("records are upserted by key and deleted", { timeout: 120_000 }, async () => {
  await cli("record", "delete", "--yes");
  const csv = join(dir, "upsert.csv");
  writeFileSync(csv, '"title","amount"\n"first","1"\n');
  await cli("record", "import", "--file-path", csv);
  const exported = await cli("record", "export", "--fields", "Record_number,title,amount");
  const number = /^"(\d+)"/m.exec(exported)[1];
  writeFileSync(csv, `"Record_number","title"\n"${number}","changed"\n"","second"\n`);
  await cli("record", "import", "--file-path", csv, "--update-key", "Record_number");
  const after = await cli("record", "export", "--fields", "Record_number,title,amount", "--order-by", "Record_number asc");
  assert.deepEqual(after.trim().split("\n").slice(1).map((l) => l.split(",").slice(1).join(",")), ['"changed","1"', '"second",']);
  await cli("record", "delete", "--yes");
  assert.equal((await cli("record", "export", "--fields", "title")).trim().split("\n").length, 1);
});
