/** @throws Error with this message when the task takes longer than `ms`; what becomes of it later is nobody's concern. */
export async function inTime<T>(task: Promise<T>, ms: number, message: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(message)), ms);
  try {
    return await Promise.race([task, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
