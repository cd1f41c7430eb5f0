// Starts a dossier of its own for a test file, and stops it. Node's own modules only.
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");

// The space of schema.yaml: its people, tokens and key.
export const superuser = { email: "root@example.com", password: "correct-horse-battery" };
export const member1 = { email: "member1@example.com", password: "member-password-1" };
export const member2 = { email: "member2@example.com", password: "member-password-2" };
export const reportsToken = "repTokAllRights0000000000000000000000001";
export const viewToken = "repTokViewOnly00000000000000000000000002";
export const customersToken = "cusTokAllRights0000000000000000000000003";
export const apiKey = "00000000-aaaa-4bbb-8ccc-000000000001";
export const application = "60241522a16be4001b611249";

// binary is the program under test: $DOSSIER_BIN, or one built here.
function binary() {
  if (process.env.DOSSIER_BIN) return process.env.DOSSIER_BIN;
  const out = join(mkdtempSync(join(tmpdir(), "dossier-bin-")), "dossier");
  execFileSync("go", ["build", "-o", out, "./cmd/dossier"], { cwd: root, stdio: "inherit" });
  process.on("exit", () => rmSync(dirname(out), { recursive: true, force: true }));
  return out;
}

// start runs dossier on a fresh directory with a schema file. TLS makes it serve HTTPS with a certificate of its own.
export async function start({ schema = join(here, "schema.yaml"), tls = false, listen = "localhost:0" } = {}) {
  if (!existsSync(schema)) throw new Error(`no schema file ${schema}`);
  const data = mkdtempSync(join(tmpdir(), "dossier-data-"));
  const args = ["serve", "--data", data, "--listen", listen, "--schema", schema, "--quiet"];
  if (tls) args.push("--tls-self-signed");
  const child = spawn(binary(), args, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  const url = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`dossier is not ready after two minutes:\n${log}`)), 120_000);
    child.stderr.on("data", (chunk) => {
      log += chunk;
      const ready = /^listening on (https?:\/\/\S+)$/m.exec(log);
      if (ready) { clearTimeout(late); resolve(ready[1]); }
    });
    child.on("exit", (code) => { clearTimeout(late); reject(new Error(`dossier ended with ${code}:\n${log}`)); });
  });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  return {
    url,
    data,
    certificate: join(data, "tls", "cert.pem"),
    log: () => log,
    async stop() {
      child.kill("SIGTERM");
      const code = await ended;
      rmSync(data, { recursive: true, force: true });
      if (code !== 0) throw new Error(`dossier ended with ${code}:\n${log}`);
    },
  };
}
