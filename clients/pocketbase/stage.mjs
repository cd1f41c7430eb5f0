// A server of its own for each file of tests, and the SDK's clients of a guest, a user and a superuser.
import { before, after } from "node:test";
import assert from "node:assert/strict";
import PocketBase, { BaseAuthStore } from "pocketbase";
import { EventSource } from "eventsource";
import * as dossier from "../lib/dossier.mjs";

globalThis.EventSource = EventSource;

export let server, guest, member, root;
export const sdk = () => { const pb = new PocketBase(server.url, new BaseAuthStore()); pb.autoCancellation(false); return pb; };

before(async () => {
  server = await dossier.start();
  guest = sdk();
  member = sdk();
  await member.collection("users").authWithPassword(dossier.member1.email, dossier.member1.password);
  root = sdk();
  await root.collection("_superusers").authWithPassword(dossier.superuser.email, dossier.superuser.password);
});
after(() => server.stop());

export const fails = (promise, status) => assert.rejects(promise, (e) => { assert.equal(e.status, status, JSON.stringify(e.response)); return true; });
