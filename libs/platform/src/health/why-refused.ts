/**
 * What a server or Node says when it is there but will not have us, and which variable to look at. A server that has
 * just gone may say some of it too, so it is a hint, not a verdict.
 */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [/\b(WRONGPASS|NOAUTH|NOPERM)\b/, 'Redis refuses the login: check REDIS_USERNAME and REDIS_PASSWORD'],
  [
    /\bER_(ACCESS_DENIED_ERROR|DBACCESS_DENIED_ERROR|ACCESS_DENIED_NO_PASSWORD_ERROR)\b/,
    'the database refuses the login: check user and password in USER_DB_SOURCE_URL and the other addresses, and DB_SSL',
  ],
  [
    /\b(ER_SECURE_TRANSPORT_REQUIRED|HANDSHAKE_NO_SSL_SUPPORT)\b/,
    'encryption is not wanted by both sides: check DB_SSL',
  ],
  [
    /KafkaJSSASLAuthenticationError|SASL .* authentication failed|SASL mechanism/i,
    'Kafka refuses the login: check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM',
  ],
  [
    /SELF_SIGNED_CERT|UNABLE_TO_VERIFY_LEAF|UNABLE_TO_GET_ISSUER|self-signed certificate|unable to verify the first/i,
    'the certificate of the server is not trusted: name the file of its authority in NODE_EXTRA_CA_CERTS',
  ],
  [
    /KafkaJSConnectionClosedError/,
    'Kafka closes the connection: if it asks for encryption or a login, set KAFKA_SSL and KAFKA_SASL_USERNAME',
  ],
  [/ERR_TLS_CERT_ALTNAME_INVALID|altnames/, 'the certificate of the server is for another host than its address'],
];

/**
 * The reason in words that name the variable, for an error that means a wrong configuration rather than a server that
 * is away; undefined for all others. Looks through what wraps an error.
 */
export function whyRefused(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = 'code' in error ? String(error.code) : '';
  const said = `${error.name} ${code} ${error.message}`;
  const known = REFUSALS.find(([pattern]) => pattern.test(said))?.[1];
  if (known !== undefined) return known;
  // Each of our clients has a field of its own for what lies behind an error.
  const behind = [
    error.cause,
    field(error, 'driverError'),
    field(error, 'lastNodeError'),
    field(error, 'previousErrors'),
  ];
  for (const each of behind.flat()) {
    const reason = each === error ? undefined : whyRefused(each);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

const field = (error: Error, name: string): unknown => Object.getOwnPropertyDescriptor(error, name)?.value;
