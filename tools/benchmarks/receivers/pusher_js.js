// pusher-js; the same arguments and answers as the receivers in Python (measurement.py).
const Pusher = require("pusher-js");
const { createHash, createHmac } = require("node:crypto");

const [port, name, warm, count, secret, masterKey, option] = process.argv.slice(2);
const now = () => Number(process.hrtime.bigint()) / 1e9;
const cpu = () => { const used = process.cpuUsage(); return (used.user + used.system) / 1e6; };

const authorize = ({ socketId, channelName }, answer) => {
  const signature = createHmac("sha256", secret).update(`${socketId}:${channelName}`).digest("hex");
  const key = createHash("sha256").update(channelName).update(Buffer.from(masterKey, "base64"));
  answer(null, { auth: `bench:${signature}`, shared_secret: key.digest("base64") });
};
const pusher = new Pusher("bench", {
  cluster: "local", wsHost: "127.0.0.1", wsPort: Number(port), forceTLS: false,
  enabledTransports: ["ws"], enableStats: false, nacl: require("tweetnacl"),
  channelAuthorization: { customHandler: authorize },
});

let left = Number(warm), total = 0, started = null, delays = [];
const countDown = () => {
  if (--left) return;
  if (started === null) {
    left = Number(count);
    delays = [];
    started = [now(), cpu()];
    console.log("warm");
    return;
  }
  const result = { wall: now() - started[0], cpu: cpu() - started[1], total, delays };
  process.stdout.write(JSON.stringify(result) + "\n", () => process.exit(0));
};
const sum = (data) => { total += data.n; countDown(); };
const time = (data) => {
  delays.push((Number(process.hrtime.bigint()) - data.t) / 1e9);
  sum(data);
};

const channel = pusher.subscribe(name);
channel.bind("pusher:subscription_succeeded", () => console.log("ready"));
channel.bind("measured", option === "late" ? time : sum);
