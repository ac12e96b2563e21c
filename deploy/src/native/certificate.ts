import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.js';

/** Files in PEM form. */
export interface Certificate {
  /** The certificate, and whatever leads from it to an authority that clients trust. */
  readonly certificate: string;
  readonly key: string;
}

const DAYS = 825;

/**
 * A certificate for this machine alone, made once and kept in `dir`: it names localhost and its addresses and is its own
 * authority, so that programs trust it by `NODE_EXTRA_CA_CERTS` and browsers after a question.
 */
export async function selfSignedCertificate(dir: string): Promise<Certificate> {
  const files = { certificate: join(dir, 'certificate.pem'), key: join(dir, 'key.pem') };
  if (existsSync(files.certificate)) return files;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const unfinished = `${files.certificate}.new`;
  const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', String(DAYS)];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'];
  await run(['openssl', 'req', '-x509', ...options, ...names, '-keyout', files.key, '-out', unfinished], {
    what: 'making a certificate with openssl',
  });
  // Last, so that an interrupted attempt is never taken for a certificate.
  await rename(unfinished, files.certificate);
  return files;
}
