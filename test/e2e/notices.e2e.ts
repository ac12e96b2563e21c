import { ERROR_TEXT } from '@parley/protocol';
import {
  befriend,
  channelOf,
  type Connected,
  enter,
  eventually,
  invite,
  post,
  stage,
  WireClient,
} from '@parley/testing';
import { z } from 'zod';

const { system, first, second, person } = await stage();

const TYPES = ['NOTIFY_REJECT', 'NOTIFY_DISCONNECT', 'NOTIFY_MEMBER_JOIN', 'NOTIFY_MEMBER_QUIT'];
const Frame = z.looseObject({ type: z.string() });

const devices: WireClient[] = [];
afterEach(async () => {
  await Promise.all(devices.splice(0).map((device) => device[Symbol.asyncDispose]()));
});

/** Another device of somebody, which asks for notices. */
async function device({ session }: Connected, at: string): Promise<WireClient> {
  const wire = await WireClient.connect(at, session, {}, { notices: '1' });
  devices.push(wire);
  return wire;
}

/** Every notice that has come, in order, once whatever was sent before has arrived. */
async function noticesOf(wire: WireClient): Promise<unknown[]> {
  await wire.settle();
  return wire.received.map((text) => Frame.parse(JSON.parse(text))).filter(({ type }) => TYPES.includes(type));
}

const rejected = (username: string) => ({ type: 'NOTIFY_REJECT', username });
const disconnected = (username: string) => ({ type: 'NOTIFY_DISCONNECT', username });

describe('what somebody does to a contact', () => {
  it('reaches every device that asked for notices, on both servers, and no other', async () => {
    const [ann, bob] = [await person('ann', first), await person('bob', second)];
    const [annDesk, annPhone, annPad] = [
      await device(ann, first),
      await device(ann, second),
      await device(ann, system.server),
    ];
    const [bobDesk, bobPhone] = [await device(bob, second), await device(bob, first)];
    const all = [annDesk, annPhone, annPad, bobDesk, bobPhone];
    await invite(ann, bob);

    const toAnn = { username: ann.name };
    await bob.wire.ask({ type: 'REJECT_REQUEST', ...toAnn }, 'REJECT_RESPONSE');
    for (const wire of all) await wire.next('NOTIFY_REJECT');
    expect(await bob.wire.askError({ type: 'REJECT_REQUEST', ...toAnn })).toBe(ERROR_TEXT.rejectFailed);
    await bob.wire.ask({ type: 'DISCONNECT_REQUEST', ...toAnn }, 'DISCONNECT_RESPONSE');
    for (const wire of all) await wire.next('NOTIFY_DISCONNECT');

    await befriend(ann, bob);
    await bobDesk.ask({ type: 'DISCONNECT_REQUEST', ...toAnn }, 'DISCONNECT_RESPONSE');
    for (const wire of all) if (wire !== bobDesk) await wire.next('NOTIFY_DISCONNECT');
    expect(await bobPhone.askError({ type: 'DISCONNECT_REQUEST', ...toAnn })).toBe(ERROR_TEXT.disconnectFailed);

    const allOf = (other: Connected) => [rejected(other.name), disconnected(other.name), disconnected(other.name)];
    for (const wire of [annDesk, annPhone, annPad]) expect(await noticesOf(wire)).toEqual(allOf(bob));
    expect(await noticesOf(bobPhone)).toEqual(allOf(ann));
    // It has its answer instead of the last one.
    expect(await noticesOf(bobDesk)).toEqual(allOf(ann).slice(0, 2));
    // On each server a device that asked has been told, so these would have been as well.
    for (const { wire } of [ann, bob]) expect(await noticesOf(wire)).toEqual([]);
  });
});

describe('who joins and quits a channel', () => {
  it('is told to members with a device that asked, whatever it shows, and to nobody else', async () => {
    const [ann, bob, cat, eve] = [
      await person('ann', first),
      await person('bob', second),
      await person('cat', second),
      await person('eve', first),
    ];
    const [annDesk, annPad, bobDesk] = [
      await device(ann, first),
      await device(ann, system.server),
      await device(bob, second),
    ];
    const [catDesk, eveDesk] = [await device(cat, second), await device(eve, first)];
    const channelId = await channelOf(ann, bob);
    await enter({ ...bob, wire: bobDesk }, channelId);
    const { inviteCode } = await bob.wire.ask(
      { type: 'FETCH_CHANNEL_INVITECODE_REQUEST', channelId },
      'FETCH_CHANNEL_INVITECODE_RESPONSE',
    );

    await cat.wire.ask({ type: 'JOIN_REQUEST', inviteCode }, 'NOTIFY_JOIN');
    for (const wire of [annDesk, annPad, bobDesk, catDesk]) await wire.next('NOTIFY_MEMBER_JOIN');
    expect(await cat.wire.askError({ type: 'JOIN_REQUEST', inviteCode })).toBe(ERROR_TEXT.alreadyJoined);
    await catDesk.ask({ type: 'QUIT_REQUEST', channelId }, 'QUIT_RESPONSE');
    for (const wire of [annDesk, annPad, bobDesk]) await wire.next('NOTIFY_MEMBER_QUIT');
    expect(await cat.wire.askError({ type: 'QUIT_REQUEST', channelId })).toBe(ERROR_TEXT.notJoined);
    await bob.wire.ask({ type: 'QUIT_REQUEST', channelId }, 'QUIT_RESPONSE');
    for (const wire of [annDesk, annPad, bobDesk]) await wire.next('NOTIFY_MEMBER_QUIT');

    const joined = { type: 'NOTIFY_MEMBER_JOIN', channelId, username: cat.name };
    const quit = (username: string) => ({ type: 'NOTIFY_MEMBER_QUIT', channelId, username });
    for (const wire of [annDesk, annPad, bobDesk]) {
      expect(await noticesOf(wire)).toEqual([joined, quit(cat.name), quit(bob.name)]);
    }
    // Cat has done the second on this device, and was no member any more at the third.
    expect(await noticesOf(catDesk)).toEqual([joined]);
    for (const wire of [eveDesk, ann.wire, bob.wire, cat.wire]) expect(await noticesOf(wire)).toEqual([]);
  });
});

describe('an account that goes', () => {
  it('is told to its contacts and to the members of its channels as if it had quit', async () => {
    const [ann, bob, cat] = [await person('ann', first), await person('bob'), await person('cat', second)];
    const [annDesk, catDesk] = [await device(ann, first), await device(cat, second)];
    const channelId = await channelOf(ann, bob, cat);
    await post(system.server, '/api/v1/auth/unregister', undefined, bob.session);
    const quit = { type: 'NOTIFY_MEMBER_QUIT', channelId, username: bob.name };
    await eventually(async () => {
      // Contacts and channels are told by different services, in any order.
      expect(await noticesOf(annDesk)).toHaveLength(2);
      expect(await noticesOf(catDesk)).toEqual([quit]);
    });
    expect(await noticesOf(annDesk)).toEqual(expect.arrayContaining([disconnected(bob.name), quit]));
    for (const { wire } of [ann, cat]) expect(await noticesOf(wire)).toEqual([]);
  });

  it('takes its open invitations along, and both sides of them hear of it', async () => {
    const [ann, bob, cat] = [await person('ann', first), await person('bob'), await person('cat', second)];
    const [annDesk, catDesk] = [await device(ann, first), await device(cat, second)];
    await invite(bob, ann);
    await invite(cat, bob);
    await post(system.server, '/api/v1/auth/unregister', undefined, bob.session);
    for (const wire of [annDesk, catDesk]) {
      await wire.next('NOTIFY_REJECT');
      expect(await noticesOf(wire)).toEqual([rejected(bob.name)]);
    }
    const pending = { type: 'FETCH_CONNECTIONS_REQUEST', status: 'PENDING' };
    expect(await annDesk.ask(pending, 'FETCH_CONNECTIONS_RESPONSE')).toMatchObject({ connections: [] });
  });
});
