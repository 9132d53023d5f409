// The process that attacks: node hostile-attacker.ts <url> <number of the attack> <what is prepared, as JSON>. It goes on until it is killed.

import { randomBytes } from "node:crypto";
import { Agent, request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ATTACKS, type Attack, type Prepared } from "./hostile-attacks.ts";

const [url = "", index = "0", json = "{}"] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const prepared = JSON.parse(json) as Prepared;

/** Requests of one socket, one after the other; a new socket when that is closed. */
async function ask({ body }: Attack, socket: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let number = 0; ; number++) {
    await new Promise<void>((resolve) => {
      const sent = httpRequest({ agent, hostname, port, method: "POST" }, (response) => {
        response.resume();
        response.once("close", resolve);
      });
      sent.once("error", () => setTimeout(resolve, 10));
      sent.end(body?.(socket, number, prepared));
    });
  }
}

function open(): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => resolve(socket));
    socket.once("error", () => resolve(undefined));
  });
}

const untilClosed = (socket: Socket): Promise<void> =>
  socket.closed ? Promise.resolve() : new Promise((resolve) => socket.once("close", () => resolve()));

/** One byte of a body now and then. */
async function drip(): Promise<void> {
  for (;;) {
    const socket = await open();
    if (socket !== undefined) {
      socket.resume();
      socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
      const drops = setInterval(() => socket.write(" "), 500);
      await untilClosed(socket);
      clearInterval(drops);
    }
    await sleep(10);
  }
}

async function babble(): Promise<void> {
  for (;;) {
    const socket = await open();
    if (socket !== undefined) {
      socket.resume();
      socket.end(randomBytes(10_000));
      await untilClosed(socket);
    }
    await sleep(1);
  }
}

/** A text in a frame, masked with zeros. */
function frame(content: string): Buffer {
  const payload = Buffer.from(content);
  return Buffer.concat([
    Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0]),
    payload,
  ]);
}

/** Subscribes to much and reads nothing. */
async function subscribe(): Promise<void> {
  for (;;) {
    const socket = await open();
    if (socket !== undefined) {
      socket.write(
        `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
      );
      const topics = ["newHeads", "logs", "newPendingTransactions"];
      for (let id = 0; id < 100; id++)
        socket.write(
          frame(JSON.stringify({ jsonrpc: "2.0", id, method: "eth_subscribe", params: [topics[id % 3]] })),
        );
      await untilClosed(socket);
    }
    await sleep(100);
  }
}

const attack = ATTACKS[Number(index)];
if (attack === undefined) throw new RangeError(`there is no attack ${index}`);
const ways = { requests: ask, slow: drip, garbage: babble, deaf: subscribe };
for (let socket = 0; socket < attack.sockets; socket++) void ways[attack.kind](attack, socket);
// Nothing else may keep it when all its sockets wait.
setInterval(() => {}, 60_000);
process.once("disconnect", () => process.exit());
