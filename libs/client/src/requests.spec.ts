import { channelId, UNAVAILABLE_TEXT } from '@parley/protocol';
import { CHANNEL, error, failureOf } from '../test/channel-server.js';
import { ManualClock } from '../test/manual-clock.js';
import { connected, ScriptedServer } from '../test/scripted-server.js';
import type { ChatClient } from './chat-client.js';
import { RequestError } from './errors.js';
import { Requests } from './requests.js';

describe('requests', () => {
  it('get the answers of their own type, one at a time and in order', async () => {
    const { client, server } = await connected();
    const [first, second, mine] = [
      client.channelInviteCode(CHANNEL),
      client.channelInviteCode(CHANNEL),
      client.inviteCode(),
    ];
    expect(server.received.map(({ type }) => type)).toEqual([
      'FETCH_CHANNEL_INVITECODE_REQUEST',
      'FETCH_USER_INVITECODE_REQUEST',
    ]);
    server.send({ type: 'FETCH_USER_INVITECODE_RESPONSE', inviteCode: 'me' });
    server.send({ type: 'FETCH_CHANNEL_INVITECODE_RESPONSE', channelId: CHANNEL, inviteCode: 'one' });
    server.send({ type: 'FETCH_CHANNEL_INVITECODE_RESPONSE', channelId: CHANNEL, inviteCode: 'two' });
    expect(await Promise.all([first, second, mine])).toEqual(['one', 'two', 'me']);
  });

  it('are refused by an ERROR of their type', async () => {
    const { client, server } = await connected();
    const refused = client.accept('zed');
    server.send(error('ACCEPT_REQUEST', 'Invalid username.'));
    await expect(refused).rejects.toEqual(new RequestError('ACCEPT_REQUEST', 'refused', 'Invalid username.'));
  });

  it.each(['NOTIFY_JOIN', 'JOIN_RESPONSE'] as const)('to join are answered with %s', async (type) => {
    const { client, server } = await connected();
    const joined = client.join('code');
    server.send({ type, channelId: CHANNEL, title: 'room' });
    expect(await joined).toMatchObject({ channelId: 2, title: 'room' });
  });

  it('do not take an answer about another channel', async () => {
    const { client, server } = await connected();
    const mine = client.quit(channelId(3));
    server.send({ type: 'QUIT_RESPONSE', channelId: CHANNEL });
    server.send({ type: 'QUIT_RESPONSE', channelId: channelId(3) });
    await expect(mine).resolves.toBeUndefined();
  });

  it('to make a channel do not take the late answer about one with another title', async () => {
    const { client, server } = await connected();
    const failed = failureOf(client.create('first', ['bob']));
    server.send(error('CREATE_REQUEST', 'Create failed.'));
    expect(await failed).toBe('refused');
    const made = client.create('second', ['bob']);
    server.send({ type: 'CREATE_RESPONSE', channelId: channelId(3), title: 'first' });
    server.send({ type: 'CREATE_RESPONSE', channelId: channelId(4), title: 'second' });
    expect(await made).toMatchObject({ channelId: 4, title: 'second' });
  });

  it.each(['accept', 'reject', 'disconnect'] as const)(
    'to %s do not take the late answer about another user, however the name is written',
    async (command) => {
      const { client, server } = await connected();
      const request = `${command.toUpperCase() as Uppercase<typeof command>}_REQUEST` as const;
      const answer = (username: string) =>
        server.send(
          {
            accept: { type: 'ACCEPT_RESPONSE' as const, username },
            reject: { type: 'REJECT_RESPONSE' as const, username, status: 'REJECTED' as const },
            disconnect: { type: 'DISCONNECT_RESPONSE' as const, username, status: 'DISCONNECTED' as const },
          }[command],
        );
      const failed = failureOf(client[command]('ann'));
      server.send(error(request, UNAVAILABLE_TEXT[request]));
      expect(await failed).toBe('refused');
      const asked = client[command]('rené');
      answer('ann');
      answer('Rene');
      expect(await asked).toMatchObject({ username: 'Rene' });
    },
  );

  it('to invite do not take the late answer about another code, however the code is written', async () => {
    const { client, server } = await connected();
    const failed = failureOf(client.invite('A1'));
    server.send(error('INVITE_REQUEST', 'Invite failed.'));
    expect(await failed).toBe('refused');
    const asked = client.invite('B2');
    for (const inviteCode of ['a1', 'b2']) server.send({ type: 'INVITE_RESPONSE', inviteCode, status: 'PENDING' });
    expect(await asked).toMatchObject({ inviteCode: 'b2' });
  });

  it('fail when no answer comes', async () => {
    const { client, clock } = await connected();
    const failure = failureOf(client.channels());
    await clock.pass(15_000);
    expect(await failure).toBe('timeout');
  });

  it('have all the time for their answer from when they are sent, behind another one', async () => {
    const { client, clock, server } = await connected();
    const refusals = [client.channels(), client.channels()].map(failureOf);
    for (const refusal of refusals) {
      await clock.pass(10_000);
      server.send(error('FETCH_CHANNELS_REQUEST', 'Fetch channels failed.'));
      expect(await refusal).toBe('refused');
    }
  });

  it('that are not sent in time fail, and are not sent any more', async () => {
    const { client, clock, server } = await connected();
    const [first, second] = [client.channels(), client.channels()];
    await clock.pass(5_000);
    const third = failureOf(client.channels());
    await clock.pass(9_000);
    server.send({ type: 'FETCH_CHANNELS_RESPONSE', channels: [] });
    await clock.pass(6_000);
    expect(await third).toBe('unsent');
    server.send({ type: 'FETCH_CHANNELS_RESPONSE', channels: [] });
    expect(await Promise.all([first, second])).toEqual([[], []]);
    expect(server.of('FETCH_CHANNELS_REQUEST')).toHaveLength(2);
  });

  it.each([
    ['there is no connection', false],
    ['the one before has no answer yet', true],
  ])('that are not sent in time say that %s', async (why, isConnected) => {
    const clock = new ManualClock();
    const requests = new Requests({ clock, timeoutMs: 15_000, onUnanswered: () => undefined, transmit: () => true });
    const [, error] = [1, 2].map(() => requests.ask({ type: 'LEAVE_REQUEST' }).catch((failure: unknown) => failure));
    await clock.pass(10_000);
    if (isConnected) requests.online();
    await clock.pass(5_000);
    expect(await error).toEqual(new RequestError('LEAVE_REQUEST', 'unsent', `Not sent within 15 s: ${why}.`));
  });

  it('that wait fail when the connection is given up', async () => {
    const { client } = await connected();
    const failures = [client.channels(), client.channels()].map(failureOf);
    client.close();
    expect(await Promise.all(failures)).toEqual(['disconnected', 'closed']);
  });

  it.each([
    ['a request', 15_000, (client: ChatClient) => client.channels()],
    ['a message', 12_000, (client: ChatClient) => client.send(CHANNEL, 'hi')],
  ])('show by %s that a socket is dead when nothing else is heard either', async (_what, ms, ask) => {
    const server = new ScriptedServer();
    const { client, clock } = await connected(server);
    const failure = failureOf(ask(client));
    await clock.pass(ms);
    expect(await failure).toBe('timeout');
    await clock.pass(2_000);
    expect(server.dialled).toHaveLength(2);
  });

  it('leave a socket alone on which something else is heard', async () => {
    const server = new ScriptedServer();
    const { client, clock } = await connected(server);
    const failure = failureOf(client.channels());
    await clock.pass(14_000);
    server.send({ type: 'ASK_INVITE', username: 'bob' });
    await clock.pass(3_000);
    expect(await failure).toBe('timeout');
    expect(server.dialled).toHaveLength(1);
  });

  it('that were under way fail with the socket, those that were not wait for the next one', async () => {
    const server = new ScriptedServer();
    const { client, clock } = await connected(server);
    const [lost, waiting] = [client.channels(), client.channels()];
    const failure = failureOf(lost);
    server.cut();
    expect(await failure).toBe('disconnected');
    server.answer = () => [{ type: 'FETCH_CHANNELS_RESPONSE', channels: [] }];
    await clock.pass(1000);
    expect(await waiting).toEqual([]);
  });

  it('that the server would close the socket over are refused here', async () => {
    const { client, server } = await connected();
    await expect(client.create('x', Array<string>(900).fill('somebody'))).rejects.toMatchObject({ failure: 'refused' });
    await expect(client.send(CHANNEL, 'x'.repeat(1001))).rejects.toMatchObject({ failure: 'refused' });
    await expect(client.send(CHANNEL, '')).rejects.toMatchObject({ failure: 'refused' });
    expect(server.received).toEqual([]);
  });
});
