'use strict';

/**
 * A pusher-js guest. It reads one JSON command a line from stdin and answers each with {"type": "done", "result"} or
 * {"type": "failed", "message"}; whatever happens goes to stdout as JSON lines in between:
 *
 *   {"type": "state", "previous", "current", "socket_id"}
 *   {"type": "error", "data"}                                 an error of the connection
 *   {"type": "event", "channel", "event", "data", "user_id"}  channel null: an event for the signed-in user
 *
 * The first command is "connect"; it names the server, the app and who the guest is. The guest signs for itself.
 */

const { createHash, createHmac } = require('node:crypto');
const readline = require('node:readline');
const nacl = require('tweetnacl');
const Pusher = require('pusher-js');

let pusher;

function report(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function signature(app, ...parts) {
  return `${app.key}:${createHmac('sha256', app.secret).update(parts.join(':')).digest('hex')}`;
}

function channelAuthorizer({ app, user_id, user_info }) {
  return ({ socketId, channelName }, callback) => {
    if (channelName.startsWith('presence-')) {
      const channel_data = JSON.stringify({ user_id, user_info });
      callback(null, { auth: signature(app, socketId, channelName, channel_data), channel_data });
      return;
    }
    const answer = { auth: signature(app, socketId, channelName) };
    if (channelName.startsWith('private-encrypted-')) {
      const masterKey = Buffer.from(app.master_key, 'base64');
      answer.shared_secret = createHash('sha256').update(channelName).update(masterKey).digest('base64');
    }
    callback(null, answer);
  };
}

function userAuthenticator({ app, user_id, user_info }) {
  return ({ socketId }, callback) => {
    const user_data = JSON.stringify({ id: user_id, user_info });
    callback(null, { auth: signature(app, socketId, '', 'user', '', user_data), user_data });
  };
}

/** Reports all that the channel or user emits; bind_global would leave out the sender of a client event. */
function watch(emitter, channel) {
  const emit = emitter.emit.bind(emitter);
  emitter.emit = (event, data, metadata) => {
    report({ type: 'event', channel, event, data, user_id: metadata?.user_id });
    return emit(event, data, metadata);
  };
}

function joined(name) {
  const channel = pusher.channel(name);
  if (!channel) throw new Error(`The guest is not on ${name}.`);
  return channel;
}

const commands = {
  connect(options) {
    pusher = new Pusher(options.app.key, {
      cluster: '',
      wsHost: options.host,
      wsPort: options.port,
      forceTLS: false,
      enabledTransports: ['ws'],
      activityTimeout: options.activity_timeout * 1000,
      pongTimeout: options.pong_timeout * 1000,
      nacl,
      channelAuthorization: { customHandler: channelAuthorizer(options) },
      userAuthentication: { customHandler: userAuthenticator(options) },
    });
    pusher.connection.bind('state_change', ({ previous, current }) =>
      report({ type: 'state', previous, current, socket_id: pusher.connection.socket_id }),
    );
    pusher.connection.bind('error', (data) => report({ type: 'error', data }));
    watch(pusher.user, null);
  },

  subscribe({ channel }) {
    const known = pusher.channel(channel);
    const subscribed = pusher.subscribe(channel);
    if (!known) watch(subscribed, channel);
  },

  unsubscribe({ channel }) {
    pusher.unsubscribe(channel);
  },

  trigger({ channel, event, data }) {
    return joined(channel).trigger(event, data);
  },

  async signin() {
    pusher.signin();
    await pusher.user.signinDonePromise;
    if (pusher.user.user_data === null) return false;
    await new Promise((resolve) => pusher.user.serverToUserChannel.bind('pusher:subscription_succeeded', resolve));
    return true;
  },

  disconnect() {
    pusher.disconnect();
  },
};

async function obey(line) {
  const { command, ...options } = JSON.parse(line);
  try {
    report({ type: 'done', result: (await commands[command](options)) ?? null });
  } catch (error) {
    report({ type: 'failed', message: error.message });
  }
}

readline
  .createInterface({ input: process.stdin })
  .on('line', obey)
  .on('close', () => process.exit());
