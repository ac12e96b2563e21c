export { AllowedOrigins } from './allowed-origins.js';
export { CurrentSession, SessionGuard } from './session.guard.js';
export { SessionModule } from './session.module.js';
export { type ActiveSession, SessionStore } from './session-store.js';
export { SESSION_STRATEGY, SessionStrategy } from './session.strategy.js';
export { originEnv, sessionEnv, SessionSettings } from './settings.js';
