// A mail server that keeps what it is sent, for tests. Node's own modules only.
import { createServer } from "node:net";

// plain undoes the encoding of a letter's parts.
const plain = (s) => s.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));

// open starts a mail server; next() is the text of the next letter for an address, head included.
export async function open() {
  const letters = [];
  const waiting = [];
  const deliver = () => {
    for (const w of [...waiting]) {
      const i = letters.findIndex((l) => l.to === w.to);
      if (i < 0) continue;
      waiting.splice(waiting.indexOf(w), 1);
      w.resolve(letters.splice(i, 1)[0].text);
    }
  };
  const server = createServer((socket) => {
    let rest = "", data = null, to = "";
    const say = (line) => socket.write(`${line}\r\n`);
    const take = (line) => {
      if (data) {
        if (line !== ".") return data.push(line);
        letters.push({ to, text: plain(data.join("\n")) });
        data = null;
        say("250 taken");
        return deliver();
      }
      const verb = line.split(" ")[0].toUpperCase();
      if (/^RCPT TO:/i.test(line)) to = /<(.*)>/.exec(line)[1];
      if (verb === "DATA") { data = []; return say("354 go on"); }
      if (verb === "QUIT") { say("221 bye"); return socket.end(); }
      return say("250 ok");
    };
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      rest += chunk;
      for (let end; (end = rest.indexOf("\n")) >= 0; rest = rest.slice(end + 1)) take(rest.slice(0, end).replace(/\r$/, ""));
    });
    say("220 ready");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    next: (to) => new Promise((resolve) => { waiting.push({ to, resolve }); deliver(); }),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
