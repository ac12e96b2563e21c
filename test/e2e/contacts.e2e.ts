import { alreadyConnectedWith, alreadyInvitedTo, type ContactStatus, ERROR_TEXT } from '@parley/protocol';
import { befriend, type Connected, eventually, logIn, PASSWORD, post, stage, WireClient } from '@parley/testing';

const { system, first, second, person } = await stage();

const inviteCodeOf = async (of: Connected) =>
  (await of.wire.ask({ type: 'FETCH_USER_INVITECODE_REQUEST' }, 'FETCH_USER_INVITECODE_RESPONSE')).inviteCode;

const list = async (of: Connected, status: ContactStatus) =>
  (await of.wire.ask({ type: 'FETCH_CONNECTIONS_REQUEST', status }, 'FETCH_CONNECTIONS_RESPONSE')).connections;

const invite = async (from: Connected, to: Connected) =>
  from.wire.ask({ type: 'INVITE_REQUEST', userInviteCode: await inviteCodeOf(to) }, 'INVITE_RESPONSE');

const inviteError = async (from: Connected, to: Connected) =>
  from.wire.askError({ type: 'INVITE_REQUEST', userInviteCode: await inviteCodeOf(to) });

describe('an invitation', () => {
  it('reaches the partner on another server, is accepted, and both lists are right at once', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', second)];
    const code = await inviteCodeOf(bob);
    expect(code).toMatch(/^[0-9a-f]{32}$/);
    expect(await invite(ann, bob)).toEqual({ type: 'INVITE_RESPONSE', inviteCode: code, status: 'PENDING' });
    expect(await bob.wire.next('ASK_INVITE')).toEqual({ type: 'ASK_INVITE', username: ann.name });
    expect(await list(bob, 'PENDING')).toEqual([{ username: ann.name, status: 'PENDING' }]);
    expect(await list(ann, 'PENDING')).toEqual([]);
    await bob.wire.ask({ type: 'ACCEPT_REQUEST', username: ann.name }, 'ACCEPT_RESPONSE');
    expect(await ann.wire.next('NOTIFY_ACCEPT')).toEqual({ type: 'NOTIFY_ACCEPT', username: bob.name });
    expect(await list(bob, 'PENDING')).toEqual([]);
    expect(await list(bob, 'ACCEPTED')).toEqual([{ username: ann.name, status: 'ACCEPTED' }]);
    expect(await list(ann, 'ACCEPTED')).toEqual([{ username: bob.name, status: 'ACCEPTED' }]);
    expect(await list(ann, 'NONE')).toEqual([]);
  });

  it('is refused with the reason', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    expect(await ann.wire.askError({ type: 'INVITE_REQUEST', userInviteCode: 'nope' })).toBe(
      ERROR_TEXT.invalidInviteCode,
    );
    expect(await inviteError(ann, ann)).toBe(ERROR_TEXT.selfInvite);
    await invite(ann, bob);
    expect(await inviteError(ann, bob)).toBe(alreadyInvitedTo(bob.name));
    expect(await inviteError(bob, ann)).toBe(alreadyInvitedTo(ann.name));
    await bob.wire.ask({ type: 'ACCEPT_REQUEST', username: ann.name }, 'ACCEPT_RESPONSE');
    expect(await inviteError(ann, bob)).toBe(alreadyConnectedWith(bob.name));
  });

  it('can be accepted only by the one invited, once', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    const accept = (by: Connected, username: string) => by.wire.askError({ type: 'ACCEPT_REQUEST', username });
    expect(await accept(bob, 'nobody-of-that-name')).toBe(ERROR_TEXT.invalidUsername);
    expect(await accept(bob, bob.name)).toBe(ERROR_TEXT.selfAccept);
    expect(await accept(bob, ann.name)).toBe(ERROR_TEXT.invalidUsername);
    await invite(ann, bob);
    expect(await accept(ann, bob.name)).toBe(ERROR_TEXT.invalidUsername);
    await bob.wire.ask({ type: 'ACCEPT_REQUEST', username: ann.name }, 'ACCEPT_RESPONSE');
    expect(await accept(bob, ann.name)).toBe(ERROR_TEXT.alreadyAccepted);
  });
});

describe('a rejection', () => {
  it('is answered to the rejecter, stands until the rejecter lifts it, and can be listed', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    await invite(ann, bob);
    expect(await ann.wire.askError({ type: 'REJECT_REQUEST', username: bob.name })).toBe(ERROR_TEXT.rejectFailed);
    expect(await bob.wire.ask({ type: 'REJECT_REQUEST', username: ann.name }, 'REJECT_RESPONSE')).toMatchObject({
      status: 'REJECTED',
    });
    expect(await list(bob, 'REJECTED')).toEqual([{ username: ann.name, status: 'REJECTED' }]);
    expect(await inviteError(ann, bob)).toBe(alreadyInvitedTo(bob.name));
    expect(await ann.wire.askError({ type: 'DISCONNECT_REQUEST', username: bob.name })).toBe(
      ERROR_TEXT.disconnectFailed,
    );
    await bob.wire.ask({ type: 'DISCONNECT_REQUEST', username: ann.name }, 'DISCONNECT_RESPONSE');
    expect(await invite(ann, bob)).toMatchObject({ status: 'PENDING' });
    expect(ann.wire.take('REJECT_RESPONSE')).toEqual([]);
  });
});

describe('a disconnection', () => {
  it('is listed for the one who was invited, and lets either side invite and accept again at once', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    await befriend(ann, bob);
    expect(await bob.wire.ask({ type: 'DISCONNECT_REQUEST', username: ann.name }, 'DISCONNECT_RESPONSE')).toEqual({
      type: 'DISCONNECT_RESPONSE',
      username: ann.name,
      status: 'DISCONNECTED',
    });
    expect(await list(ann, 'ACCEPTED')).toEqual([]);
    expect(await list(bob, 'DISCONNECTED')).toEqual([{ username: ann.name, status: 'DISCONNECTED' }]);
    expect(await list(ann, 'DISCONNECTED')).toEqual([]);
    expect(await bob.wire.askError({ type: 'DISCONNECT_REQUEST', username: ann.name })).toBe(
      ERROR_TEXT.disconnectFailed,
    );
    await befriend(bob, ann);
    expect(await list(ann, 'ACCEPTED')).toEqual([{ username: bob.name, status: 'ACCEPTED' }]);
    expect(await list(bob, 'DISCONNECTED')).toEqual([]);
  });
});

describe('an account that is gone', () => {
  it('leaves contacts, channels and head counts right, and its messages readable', async () => {
    const [ann, bob] = [await person('ann'), await person('bob')];
    await befriend(ann, bob);
    const { channelId } = await ann.wire.ask(
      { type: 'CREATE_REQUEST', title: 'room', participantUsernames: [bob.name] },
      'CREATE_RESPONSE',
    );
    bob.wire.send({ type: 'WRITE_MESSAGE', serial: 1, channelId, content: 'remember me' });
    await bob.wire.next('WRITE_MESSAGE_ACK');
    const code = await inviteCodeOf(bob);

    expect(await (await post(system.server, '/api/v1/auth/unregister', undefined, bob.session)).text()).toBe(
      'User unregistered.',
    );
    await bob.wire.untilClosed();
    await expect(logIn(system.server, bob.name, PASSWORD)).rejects.toThrow('401');
    await expect(WireClient.connect(system.server, bob.session)).rejects.toThrow('401');
    await eventually(async () => {
      expect(await list(ann, 'ACCEPTED')).toEqual([]);
      const { channels } = await ann.wire.ask({ type: 'FETCH_CHANNELS_REQUEST' }, 'FETCH_CHANNELS_RESPONSE');
      expect(channels).toEqual([{ channelId, title: 'room', headCount: 1 }]);
      expect(await ann.wire.askError({ type: 'INVITE_REQUEST', userInviteCode: code })).toBe(
        ERROR_TEXT.invalidInviteCode,
      );
      const { messages } = await ann.wire.ask(
        { type: 'FETCH_MESSAGES_REQUEST', channelId, startMessageSeqId: 1, endMessageSeqId: 1 },
        'FETCH_MESSAGES_RESPONSE',
      );
      expect(messages).toEqual([{ channelId, messageSeqId: 1, username: 'unknown', content: 'remember me' }]);
    });
  });
});
