// ONNX Runtime's side of the bench, through its Node.js binding.
//   onnx_peer.js serve MODEL EMPTY   answers lines "WORK THREADS SECONDS [BATCH]": translate_one gives the
//                                    median and the 99th percentile of milliseconds, translate_many images/s.
//                                    empty_one and empty_many are the same on the empty model: the binding's own
//                                    cost, which run.py takes off.
//   onnx_peer.js cold MODEL          loads the model, translates one picture, ends
//   onnx_peer.js describe            the versions
// NODE_PATH names the folder that holds the package onnxruntime-node.
'use strict';

const runtime = require('onnxruntime-node');

const LATENT = 32;
const sessions = new Map();

function optionsFor(threads) {
  return {
    executionProviders: ['cpu'], intraOpNumThreads: threads, interOpNumThreads: 1, executionMode: 'sequential',
    graphOptimizationLevel: 'all', enableCpuMemArena: true, enableMemPattern: true, logSeverityLevel: 3,
  };
}

// One session at a time: threads of an idle one may spin.
async function sessionFor(path, threads) {
  const key = `${path} ${threads}`;
  if (!sessions.has(key)) {
    for (const other of sessions.values()) await other.release();
    sessions.clear();
    sessions.set(key, await runtime.InferenceSession.create(path, optionsFor(threads)));
  }
  return sessions.get(key);
}

function numbers(count) {
  const cells = new Float32Array(count);
  for (let i = 0; i < count; i++) cells[i] = ((i * 2654435761) % 1000) / 1000;
  return cells;
}

function feedsFor(batch) {
  return {
    picture: new runtime.Tensor('float32', numbers(batch * 784), [batch, 1, 28, 28]),
    noise: new runtime.Tensor('float32', numbers(batch * LATENT), [batch, LATENT]),
  };
}

async function spend(session, feeds, seconds) {
  for (let i = 0; i < 10; i++) await session.run(feeds);
  const times = [];
  const begun = process.hrtime.bigint();
  let before = begun;
  do {
    await session.run(feeds);
    const after = process.hrtime.bigint();
    times.push(Number(after - before) * 1e-6);
    before = after;
  } while (Number(before - begun) * 1e-9 < seconds);
  return times.sort((a, b) => a - b);
}

async function answer(words, model, empty) {
  const [work, threads, seconds, batch] = [words[0], +words[1], +words[2], +(words[3] || 1)];
  const session = await sessionFor(work.startsWith('empty') ? empty : model, threads);
  const times = await spend(session, feedsFor(batch), seconds);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  if (work.endsWith('_one')) return `${at(0.5).toPrecision(6)} ${at(0.99).toPrecision(6)}`;
  return `${((1000 * batch * times.length) / times.reduce((sum, t) => sum + t, 0)).toPrecision(6)}`;
}

async function serve(model, empty) {
  const lines = require('readline').createInterface({ input: process.stdin });
  for await (const line of lines) {
    const words = line.split(/\s+/).filter(Boolean);
    if (words.length) process.stdout.write(`${await answer(words, model, empty)}\n`);
  }
}

async function cold(model) {
  const session = await runtime.InferenceSession.create(model, optionsFor(1));
  const { out } = await session.run(feedsFor(1));
  console.log(out.data[0].toFixed(4));
}

async function main([work, ...rest]) {
  if (work === 'serve' && rest.length === 2) return serve(...rest);
  if (work === 'cold' && rest.length === 1) return cold(...rest);
  if (work === 'describe') {
    const version = require('onnxruntime-common').env.versions.node || '';
    return console.log(`ONNX Runtime ${version} in Node.js ${process.versions.node}`);
  }
  throw new Error('usage: onnx_peer.js serve MODEL EMPTY | cold MODEL | describe');
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`onnx_peer: ${error.message}`);
  process.exitCode = 2;
});
