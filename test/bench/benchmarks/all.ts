import type { Benchmark } from '../context.ts';
import { group } from './group.ts';
import { growth } from './growth.ts';
import { history } from './history.ts';
import { idle } from './idle.ts';
import { inserts } from './inserts.ts';
import { large } from './large.ts';
import { micro } from './micro.ts';
import { overload } from './overload.ts';
import { price } from './price.ts';
import { steady } from './steady.ts';
import { steps } from './steps.ts';
import { stormBenchmark } from './storm.ts';

export const benchmarks: readonly Benchmark[] = [
  group,
  steady,
  idle,
  large,
  stormBenchmark,
  history,
  inserts,
  steps,
  growth,
  overload,
  micro,
  price,
];
