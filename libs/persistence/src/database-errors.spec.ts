import { DatabaseUnavailable, isConflict, isDuplicate, isUnavailable } from './database-errors.js';

const coded = (code: string, message = 'text', errno = 0) => Object.assign(new Error(message), { code, errno });
const wrapped = (driverError: Error) => Object.assign(new Error('QueryFailedError'), { driverError });

describe('isUnavailable', () => {
  it.each([
    ['a refused connection', coded('ECONNREFUSED')],
    ['a connection lost in the middle', wrapped(coded('PROTOCOL_CONNECTION_LOST'))],
    [
      'a connection that was closed before the statement',
      new Error("Can't add new command when connection is in closed state"),
    ],
    ['a server that became read-only', wrapped(coded('ER_OPTION_PREVENTS_STATEMENT'))],
    ['a server that shuts down', coded('ER_SERVER_SHUTDOWN')],
    ['a MariaDB that killed the connection', coded('UNKNOWN_CODE_PLEASE_REPORT', 'Connection was killed', 1927)],
    ['a host none of whose addresses answers', new AggregateError([coded('ECONNREFUSED')])],
    ['a full disk', wrapped(coded('ER_RECORD_FILE_FULL', "The table 'message' is full"))],
    [
      'a full disk behind the storage engine',
      coded('ER_GET_ERRNO', 'Got error 28 "No space left on device" from storage engine InnoDB', 1030),
    ],
    ['a database that has not answered yet', new DatabaseUnavailable('user-db')],
  ])('is true of %s', (_, error) => expect(isUnavailable(error)).toBe(true));

  it.each([
    ['a repeated key', coded('ER_DUP_ENTRY')],
    ['a statement that is wrong', wrapped(coded('ER_PARSE_ERROR'))],
    ['something else', 'ECONNREFUSED'],
  ])('is false of %s', (_, error) => expect(isUnavailable(error)).toBe(false));
});

describe('isDuplicate', () => {
  it.each([
    ['MySQL', "Duplicate entry 'ann' for key 'message_user.username'", 'username'],
    ['MariaDB', "Duplicate entry '7-1' for key 'PRIMARY'", 'PRIMARY'],
    ['a value that looks like one', "Duplicate entry 'for key 'x'' for key 'once'", 'once'],
  ])('names the key as %s tells it', (_, message, key) => {
    expect(isDuplicate(wrapped(coded('ER_DUP_ENTRY', message)))).toBe(key);
  });

  it('is undefined for other errors', () => expect(isDuplicate(coded('ER_LOCK_DEADLOCK'))).toBeUndefined());
});

it('tells a lost race from a server that is away', () => {
  const deadlock = wrapped(coded('ER_LOCK_DEADLOCK'));
  expect([isConflict(deadlock), isUnavailable(deadlock)]).toEqual([true, false]);
});
