// A client of WebSockets, by the package `ws` or by Node itself: `client.mjs ws|own BASE TOKEN`.

import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';

const [kind, base, token] = process.argv.slice(2);
const Package = kind === 'ws' ? createRequire(`${process.env.WS}/`)('ws') : undefined;
const MEBIBYTE = 1 << 20;
const PROTOCOLS = ['chat.v0', 'chat.v1', 'chat.v2'];
const CLOSES = [[1000, ''], [4001, 'a reason: ü'], [3000, 'x'.repeat(123)]];

// A socket whose messages are waited for one by one.
class Socket {
  #came = [];
  #wanted = [];
  #end;

  constructor(url, { bearer = token, perMessageDeflate = true } = {}) {
    const headers = bearer ? { authorization: `Bearer ${bearer}` } : {};
    this.inner = Package
      ? new Package(url, PROTOCOLS, { headers, perMessageDeflate })
      : new WebSocket(url, { protocols: PROTOCOLS, headers });
    this.inner.binaryType = 'arraybuffer';
    this.opened = new Promise((resolve, reject) => {
      this.inner.addEventListener('open', resolve);
      this.inner.addEventListener('error', (event) => reject(event.error ?? new Error(event.message || 'refused')));
    });
    this.closed = new Promise((resolve) => {
      this.inner.addEventListener('close', ({ code, reason, wasClean }) => {
        resolve([code, reason, wasClean]);
        this.#end = new Error(`closed: ${code} ${reason}`);
        for (const { reject } of this.#wanted) reject(this.#end);
      });
    });
    this.inner.addEventListener('message', ({ data }) => {
      const message = typeof data === 'string' ? data : Buffer.from(data);
      const next = this.#wanted.shift();
      if (next) next.resolve(message);
      else this.#came.push(message);
    });
  }

  receive() {
    if (this.#came.length) return Promise.resolve(this.#came.shift());
    if (this.#end) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => this.#wanted.push({ resolve, reject }));
  }

  async close(code = 1000, reason = '') {
    this.inner.close(code, reason);
    return this.closed;
  }
}

let opened = 0;

async function open(what, query = {}, options = {}) {
  const socket = new Socket(`${base}/${what}?${new URLSearchParams(query)}`, options);
  await socket.opened;
  opened += 1;
  socket.inner.send('hello');
  assert.equal(await socket.receive(), 'hello');
  return socket;
}

async function agree(options) {
  const socket = await open('agreement', {}, options);
  const told = JSON.parse(await socket.receive());
  assert.deepEqual([socket.inner.protocol, told.protocol], ['chat.v2', 'chat.v2']);
  // `ws` tells the names alone.
  assert.equal(socket.inner.extensions.split(';')[0], told.extensions.split(';')[0]);
  assert.equal(told.subject !== '', token !== '');
  await socket.close();
  return told.extensions;
}

async function echo(options) {
  const socket = await open('echo', {}, options);
  const text = 'äöü 😀 '.repeat(MEBIBYTE / 12).padEnd(MEBIBYTE / 12 * 10, '.');
  const bytes = [Buffer.alloc(0), Buffer.from(Uint8Array.from({ length: 256 }, (_, byte) => byte))];
  for (const message of ['', 'hello', 'ünïcödé 😀', ...bytes, text, randomBytes(MEBIBYTE), Buffer.alloc(MEBIBYTE)]) {
    socket.inner.send(message);
    assert.ok(Buffer.from(message).equals(Buffer.from(await socket.receive())), `${typeof message} of ${message.length}`);
  }
  await socket.close();
}

// What a browser cannot send, it can receive.
async function fragment(options) {
  for (const fragments of [['a', 'ü'.repeat(70_000), '', 'c'], ['a', 'b', 'c'].map((one) => Buffer.alloc(50_000, one))]) {
    const socket = await open(Package ? 'fragments' : 'echo', {}, options);
    const whole = Buffer.concat(fragments.map((one) => Buffer.from(one)));
    if (Package) {
      fragments.forEach((one, index) => {
        socket.inner.send(one, { fin: index === fragments.length - 1 });
        socket.inner.ping('between');
      });
      assert.deepEqual(JSON.parse(await socket.receive()), fragments.map((one) => one.length));
    } else {
      socket.inner.send(typeof fragments[0] === 'string' ? whole.toString() : whole);
    }
    assert.ok(whole.equals(Buffer.from(await socket.receive())));
    await socket.close();
  }
}

async function ping(options) {
  const socket = await open('pings', {}, options);
  if (Package) {
    for (const payload of ['', 'one', 'x'.repeat(125)]) {
      const pong = once(socket.inner, 'pong');
      socket.inner.ping(payload);
      assert.equal(String((await pong)[0]), payload);
    }
  }
  assert.equal(await socket.receive(), '3 pongs');
  await socket.close();
}

async function close(options) {
  for (const [code, reason] of CLOSES) {
    const name = randomUUID();
    const socket = await open('echo', { name }, options);
    assert.deepEqual(await socket.close(code, reason), [code, reason, true]);
    assert.deepEqual(await end(name), { code, reason, first: 'client' });
  }
}

async function beClosed(options) {
  for (const [code, reason] of CLOSES) {
    const name = randomUUID();
    const socket = await open('close', { name, code, reason }, options);
    assert.deepEqual(await socket.closed, [code, reason, true]);
    const seen = await end(name);
    assert.deepEqual([seen.code, seen.first], [code, 'application']);
  }
}

async function end(name) {
  const socket = await open('end', { of: name });
  const seen = JSON.parse(await socket.receive());
  await socket.close();
  return seen;
}

async function many(options) {
  const sockets = await Promise.all(Array.from({ length: 50 }, () => open('echo', {}, options)));
  const counter = await open('count');
  assert.ok(Number(await counter.receive()) > 50);
  await counter.close();
  await Promise.all(sockets.map(async (socket, number) => {
    for (let turn = 0; turn < 20; turn += 1) {
      socket.inner.send(`${number}: ${turn}`);
      assert.equal(await socket.receive(), `${number}: ${turn}`);
    }
    assert.deepEqual(await socket.close(), [1000, '', true]);
  }));
}

async function beRefused(options) {
  await assert.rejects(open('echo', {}, { ...options, bearer: '' }), Package ? /401/ : undefined);
}

async function within(milliseconds, step, options) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([step(options), late]);
  } catch (error) {
    console.error(`${step.name}, ${JSON.stringify(options)}:`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const steps = [echo, fragment, ping, close, beClosed, many, ...(token ? [beRefused] : [])];
// Node's own always offers it.
const agreed = [];
for (const perMessageDeflate of Package ? [true, false] : [true]) {
  agreed.push(await within(30_000, agree, { perMessageDeflate }));
  for (const step of steps) await within(30_000, step, { perMessageDeflate });
}
assert.equal(agreed[1] ?? '', '');
const extension = agreed[0] || 'permessage-deflate declined';
console.log(`${opened} sockets; ${extension}: ok`);
process.exit(0);
