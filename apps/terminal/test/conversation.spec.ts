import { runPlain } from '../src/plain-face.js';
import { FakeParley } from './fake-parley.js';
import { loggedIn, seat } from './stage.js';

const start = (): Promise<FakeParley> => new FakeParley().listen();

describe('the terminal', () => {
  it('registers, logs in and out, and says what the server said', async () => {
    await using server = await start();
    await using ann = seat(server);
    expect(await ann.type('/register ann password1')).toEqual([
      '=> Response Status: 200, Body: User registered.',
      '=> Registered.',
    ]);
    expect(await ann.type('/register ann password1')).toEqual([
      '=> Response Status: 409, Body: Username is taken.',
      '=> Register failed.',
    ]);
    expect(await ann.type('/login ann wrong')).toEqual([
      '=> Response Status: 401, Body: Not authenticated.',
      '=> Login failed.',
    ]);
    expect(await ann.type('/login ann password1')).toEqual([
      expect.stringMatching(/^=> Response Status: 200, Body: .{4}\.\.\.$/),
      '=> Login successful.',
      `=> Connect to url: ws://127.0.0.1:${server.port}/ws/v1/message`,
      '=> WebSocket Connected.',
    ]);
    expect(await ann.type('/login ann password1')).toEqual(['=> You are logged in as ann. Use /logout first.']);
    expect(await ann.type('/logout')).toEqual([
      '=> Response Status: 200, Body: Logout success.',
      '=> Logout successful.',
    ]);
    expect(await ann.type('/channels')).toEqual(['=> /channels needs a login. Use /login <name> [password] first.']);
    await ann.type('/login ann password1');
    expect(await ann.type('/unregister')).toEqual([
      '=> Response Status: 200, Body: User unregistered.',
      '=> Unregistered.',
    ]);
  });

  it('stays logged in when the server cannot end the session', async () => {
    await using server = await start();
    await using ann = await loggedIn(server, 'ann');
    server.isBroken = true;
    expect(await ann.type('/logout')).toEqual([
      '=> Response Status: 500, Body: Internal server error',
      '=> Logout failed.',
    ]);
    expect(await ann.type('/channels')).toEqual(['=> No channels.']);
    server.isBroken = false;
    expect(await ann.type('/logout')).toContain('=> Logout successful.');
  });

  it('says once in an outage where it tries next', async () => {
    await using server = await start();
    await using ann = await loggedIn(server, 'ann');
    const before = ann.output.lines.length;
    for (const fallback of ['next-server', 'next-discovery-node', 'next-server', 'next-discovery-node'] as const)
      ann.shell.retrying(fallback);
    const retries = ['=> Retry with the next server node.', '=> Retry with the next discovery node.'];
    expect(ann.output.lines.slice(before)).toEqual(retries);
    const gone = ann.output.text.length;
    server.cut();
    await ann.output.seen('=> WebSocket Connected.', gone);
    ann.shell.retrying('next-server');
    expect(ann.output.lines.at(-1)).toBe(retries[0]);
  });

  it('takes two people from the first invitation to the last word', async () => {
    await using server = await start();
    await using ann = await loggedIn(server, 'ann');
    await using bob = await loggedIn(server, 'bob');
    expect(await ann.type('/connections')).toEqual(['=> No connections.']);
    const [shown = ''] = await bob.type('/invitecode user');
    const code = /^=> My InviteCode: (InviteCode\[code=\w{32}\])$/.exec(shown)?.[1];
    expect(await ann.type(`/invite ${code}`)).toEqual([`=> Invite ${code} result: PENDING`]);
    expect(await ann.type(`/invite ${code}`)).toEqual(['=> Error INVITE_REQUEST: Already invited to bob']);
    await bob.output.seen("=> Do you accept ann's connection request?");
    expect(await bob.type('/pending')).toEqual(['=> ann : PENDING']);
    expect(await bob.type('/accept ann')).toEqual(['=> Connected ann']);
    await ann.output.seen('=> Connected bob');
    expect(await ann.type('/connections')).toEqual(['=> bob : ACCEPTED']);
    expect(await ann.type('/create "reading circle" bob')).toEqual([
      '=> Created channel ChannelId[id=1]: reading circle',
    ]);
    await bob.output.seen('=> Joined channel ChannelId[id=1]: reading circle');
    expect(await bob.type('/channels')).toEqual(['=> ChannelId[id=1] : reading circle (2)']);
    const [channelCode = ''] = await ann.type('/invitecode channel 1');
    expect(channelCode).toMatch(/^=> ChannelId\[id=1\] InviteCode: InviteCode\[code=\w{32}\]$/);
    expect(await ann.type('/enter ChannelId[id=1]')).toEqual(['=> Enter channel ChannelId[id=1]: reading circle']);
    await bob.type('/enter 1');
    expect(await ann.type('hello bob')).toEqual(['ann : hello bob']);
    await bob.output.seen('ann : hello bob\n');
    expect(await bob.type('안녕 👋')).toEqual(['bob : 안녕 👋']);
    await ann.output.seen('bob : 안녕 👋\n');
    expect(await ann.type('/leave')).toEqual(['=> Leave channel ChannelId[id=1]']);
    expect(await ann.type('/quit 1')).toEqual(['=> Quit channel ChannelId[id=1]']);
    await bob.output.seen('=> ann quit channel ChannelId[id=1]\n');
    expect(await ann.type('/enter 1')).toEqual(['=> Error ENTER_REQUEST: Not joined.']);
    expect(await ann.type(`/join ${channelCode.slice(channelCode.lastIndexOf(' ') + 1)}`)).toEqual([
      '=> Joined channel ChannelId[id=1]: reading circle',
    ]);
    await bob.output.seen('=> ann joined channel ChannelId[id=1]\n');
    expect(await ann.type('/disconnect bob')).toEqual(['=> Disconnected bob result: DISCONNECTED']);
    await bob.output.seen('=> Disconnected ann\n');
  });

  it('shows who is rejected', async () => {
    await using server = await start();
    await using ann = await loggedIn(server, 'ann');
    await using bob = await loggedIn(server, 'bob');
    const [shown = ''] = await bob.type('/invitecode user');
    await ann.type(`/invite ${shown.split(' ').at(-1)}`);
    await bob.output.seen('connection request?\n');
    expect(await bob.type('/reject ann')).toEqual(['=> Reject ann result: REJECTED']);
    await ann.output.seen('=> Invitation no longer open: bob\n');
  });

  it('goes back to the lobby when its channel is quit on another device', async () => {
    await using server = await start();
    server.world.addChannel('room', ['ann']);
    await using desk = await loggedIn(server, 'ann');
    await using phone = seat(server);
    await phone.type('/login ann password1');
    await desk.type('/enter 1');
    await phone.type('/quit 1');
    await desk.output.seen('=> Leave channel ChannelId[id=1]: Quit on another device.\n');
    expect(await desk.type('/channels')).toEqual(['=> No channels.']);
  });

  it('answers always: wrong place, wrong words, wrong numbers, unknown commands', async () => {
    await using server = await start();
    const { id } = server.world.addChannel('room', ['ann']);
    await using ann = await loggedIn(server, 'ann');
    expect(await ann.type('hello')).toEqual([
      '=> Nothing was sent: you are not in a channel. Use /enter <channel id> first, or /help.',
    ]);
    expect(await ann.type('/leave')).toEqual(['=> /leave works in a channel only. Use /enter <channel id> first.']);
    expect(await ann.type('/enter x')).toEqual(['=> Invalid Input: x']);
    expect(await ann.type('/enter')).toEqual(['=> Invalid Input: usage is /enter <channel id>']);
    expect(await ann.type('/chanels')).toEqual(['=> Invalid command: chanels. Did you mean /channels?']);
    expect(await ann.type('/')).toEqual(['=> Invalid command: ']);
    expect(await ann.type('/pending')).toEqual(['=> Nobody is waiting for an answer.']);
    await ann.type(`/enter ${id}`);
    expect(await ann.type('/channels')).toEqual(['=> /channels works in the lobby only. Use /leave first.']);
    expect(await ann.type('x'.repeat(1001))).toEqual([
      '=> Error WRITE_MESSAGE: content must have 1 to 1000 characters, not 1001',
    ]);
    expect((await ann.type('/help')).length).toBeGreaterThan(20);
    expect(ann.shell.failed).toBe(true);
  });

  it('shows the last 10 unread messages on entering and pages back from there', async () => {
    await using server = await start();
    const channel = server.world.addChannel('room', ['ann']);
    for (let at = 1; at <= 35; at += 1) server.world.write(channel, 'bob', `text ${at}`);
    await using ann = await loggedIn(server, 'ann');
    const entered = await ann.type('/enter 1');
    expect(entered).toHaveLength(11);
    expect(entered[1]).toBe('bob : text 26');
    const page = await ann.type('/history 20');
    expect([page[0], page[1], page.at(-2), page.length]).toEqual([
      '=> History 6 to 25 of ChannelId[id=1]',
      'bob : text 6',
      'bob : text 25',
      22,
    ]);
    expect(await ann.type('/history')).toHaveLength(7);
    expect(await ann.type('/history')).toEqual(['=> No older messages.']);
  });

  it('resumes by itself: nothing lost, nothing doubled', async () => {
    await using server = await start();
    const channel = server.world.addChannel('room', ['ann', 'bob']);
    await using ann = await loggedIn(server, 'ann');
    await ann.type('/enter 1');
    await ann.type('before');
    server.cut();
    await ann.output.seen('=> Connection closed: Server is going away, resume elsewhere');
    for (let at = 1; at <= 150; at += 1) server.world.write(channel, 'bob', `text ${at}`);
    await ann.output.seen('bob : text 150\n');
    expect(await ann.type('after')).toEqual(['ann : after']);
    expect(ann.output.lines.filter((line) => line.startsWith('bob'))).toEqual(
      Array.from({ length: 150 }, (_, at) => `bob : text ${at + 1}`),
    );
  });

  it('does not wait for the next attempt when somebody types', async () => {
    await using server = await start();
    server.world.addChannel('room', ['ann']);
    const hours = (): number => 10_000;
    await using ann = await loggedIn(server, 'ann', hours);
    await ann.type('/enter 1');
    server.cut();
    await ann.output.seen('=> Reconnecting.');
    expect((await ann.type('I am here')).at(-1)).toBe('ann : I am here');
  });

  it('stores a message once though its ack was lost with the connection', async () => {
    await using server = await start();
    const channel = server.world.addChannel('room', ['ann']);
    await using ann = await loggedIn(server, 'ann');
    await ann.type('/enter 1');
    server.letOut = (frame) => {
      if (frame.type !== 'WRITE_MESSAGE_ACK') return true;
      server.letOut = () => true;
      server.cut();
      return false;
    };
    const before = ann.output.text.length;
    await ann.type('only once');
    expect(channel.messages).toHaveLength(1);
    expect(ann.output.text.slice(before).match(/ann : only once/g)).toHaveLength(1);
  });

  it('goes back to the lobby when the session ends', async () => {
    await using server = await start();
    await using ann = await loggedIn(server, 'ann');
    server.cut(4100, 'Session ended');
    await ann.output.seen('=> Session ended. Use /login <name> [password] again.');
    expect(await ann.type('/pending')).toEqual(['=> /pending needs a login. Use /login <name> [password] first.']);
  });

  it('cannot be commanded by what others write', async () => {
    await using server = await start();
    const channel = server.world.addChannel('room\u001B[2J', ['ann']);
    server.world.write(channel, 'b\u0007ob', '\u001B]0;title\u0007\u001B[31mhi\n=> Logout successful.');
    await using ann = await loggedIn(server, 'ann');
    expect(await ann.type('/enter 1')).toEqual([
      '=> Enter channel ChannelId[id=1]: room',
      'bob : hi => Logout successful.',
    ]);
  });

  it('says why when no server can be reached', async () => {
    const server = await start();
    const { url } = server;
    await using ann = seat(server);
    await server[Symbol.asyncDispose]();
    expect(await ann.type('/login ann password1')).toEqual([
      `=> No server found through Consul at ${url}.`,
      '=> Request failed.',
      '=> Login failed.',
    ]);
  });
});

describe('the piped terminal', () => {
  it('carries out its input line by line and logs out at the end', async () => {
    await using server = await start();
    server.world.addChannel('room', ['ann']);
    server.world.register('ann', 'password1');
    await using ann = seat(server);
    ann.input.end('/login ann password1\n/enter 1\none\ntwo\n/leave\n');
    await runPlain(ann.shell, ann.input);
    expect(ann.output.lines.slice(3)).toEqual([
      '=> WebSocket Connected.',
      '=> Enter channel ChannelId[id=1]: room',
      'ann : one',
      'ann : two',
      '=> Leave channel ChannelId[id=1]',
      '=> Response Status: 200, Body: Logout success.',
      '=> Logout successful.',
    ]);
    expect(ann.shell.failed).toBe(false);
  });

  it('ends at /exit and leaves the rest of the input alone', async () => {
    await using server = await start();
    await using ann = seat(server);
    ann.input.end('/exit\n/help\n');
    await runPlain(ann.shell, ann.input);
    expect(ann.output.lines).toEqual([]);
  });
});
