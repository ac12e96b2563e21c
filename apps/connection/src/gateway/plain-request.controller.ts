import { All, BadRequestException, Controller } from '@nestjs/common';
import { PATHS } from '@parley/protocol';

/** Requests to the socket's path that do not ask for one. */
@Controller()
export class PlainRequestController {
  @All(PATHS.webSocket)
  refuse(): never {
    throw new BadRequestException('This path speaks WebSocket only.');
  }
}
