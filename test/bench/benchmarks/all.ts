import type { Benchmark } from '../context.ts';
import { group } from './group.ts';
import { steady } from './steady.ts';

export const benchmarks: readonly Benchmark[] = [group, steady];
