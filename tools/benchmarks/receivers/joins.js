// pusher-js joins many channels; the same arguments and answers as joins.py, without its options.
const Pusher = require("pusher-js");
const { createHmac } = require("node:crypto");

const [port, prefix, count, secret] = process.argv.slice(2);
const now = () => Number(process.hrtime.bigint()) / 1e9;
const heap = () => { global.gc(); return process.memoryUsage().heapUsed; };

const authorize = ({ socketId, channelName }, answer) => {
  const signature = createHmac("sha256", secret).update(`${socketId}:${channelName}`).digest("hex");
  answer(null, { auth: `bench:${signature}` });
};
const before = heap();
const pusher = new Pusher("bench", {
  cluster: "local", wsHost: "127.0.0.1", wsPort: Number(port), forceTLS: false,
  enabledTransports: ["ws"], enableStats: false,
  channelAuthorization: { customHandler: authorize },
});
let connected = null, left = Number(count);
pusher.connection.bind("connected", () => { connected = now(); });
const ignore = () => {};
const joined = () => {
  if (--left) return;
  const seconds = now() - connected;
  console.log(JSON.stringify({ seconds, bytes: (heap() - before) / Number(count) }));
  process.exit(0);
};
for (let number = 0; number < Number(count); number += 1) {
  const channel = pusher.subscribe(prefix + number);
  channel.bind("measured", ignore);
  channel.bind("pusher:subscription_succeeded", joined);
}
