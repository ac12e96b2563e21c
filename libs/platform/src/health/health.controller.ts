import { Controller, Get, HttpException, HttpStatus } from '@nestjs/common';
import { HealthRegistry, type Readiness } from './health-registry.js';

@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthRegistry) {}

  /** The process answers: restarting it would mend nothing. */
  @Get('live')
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  /** 200 when the instance should be given work, else 503; the body says why. */
  @Get('ready')
  async ready(): Promise<Readiness> {
    const readiness = await this.health.readiness();
    if (readiness.status !== 'ready') throw new HttpException(readiness, HttpStatus.SERVICE_UNAVAILABLE);
    return readiness;
  }
}
