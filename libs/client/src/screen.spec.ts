import type { ClientFrame, ServerFrame } from '@parley/protocol';
import fc from 'fast-check';
import { CHANNEL, entered, notify, stored } from '../test/channel-server.js';
import { settled } from '../test/manual-clock.js';
import { connected, ScriptedServer } from '../test/scripted-server.js';

/** What happens on the way from the server to the screen. */
const event = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('new' as const), lost: fc.boolean(), late: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat' as const), back: fc.nat({ max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('deliver late ones' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 5_000 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('no answers' as const), on: fc.boolean() }) },
);

/** A channel that grows; fetches are answered, unless the server has fallen silent. */
function growingChannel(last: number) {
  const server = new ScriptedServer();
  const channel = { last, isSilent: false };
  server.answer = (frame: ClientFrame): readonly ServerFrame[] => {
    if (frame.type === 'ENTER_REQUEST') return [entered(0, channel.last)];
    if (frame.type !== 'FETCH_MESSAGES_REQUEST' || channel.isSilent) return [];
    const to = Math.min(frame.endMessageSeqId, channel.last);
    return [stored(Math.max(frame.startMessageSeqId, to - 99), to)];
  };
  return { server, channel };
}

it('frames that are lost, doubled, late or cut off by reconnects give the same screen as frames that are not', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 30 }), fc.array(event, { maxLength: 40 }), async (begin, events) => {
      const { server, channel } = growingChannel(begin);
      const { client, clock, screen } = await connected(server);
      await client.enter(CHANNEL);
      const late: number[] = [];
      for (const each of events) {
        if (each.kind === 'new') {
          channel.last += 1;
          if (each.late) late.push(channel.last);
          else if (!each.lost) server.send(notify(channel.last));
        } else if (each.kind === 'repeat') {
          if (channel.last > each.back) server.send(notify(channel.last - each.back));
        } else if (each.kind === 'deliver late ones') {
          for (const at of late.splice(0).toReversed()) server.send(notify(at));
        } else if (each.kind === 'cut') server.cut();
        else if (each.kind === 'time') await clock.pass(each.ms);
        else channel.isSilent = each.on;
        await settled();
      }
      channel.isSilent = false;
      await clock.pass(60_000);
      // One frame that comes through is enough to find all that did not.
      channel.last += 1;
      server.send(notify(channel.last));
      await clock.pass(60_000);
      const first = Math.max(0, begin - 10) + 1;
      const expected = Array.from(
        { length: channel.last - first + 1 },
        (_, at) => `${first + at} bob text ${first + at}`,
      );
      expect(screen).toEqual(expected);
    }),
    { numRuns: 150 },
  );
}, 60_000);
