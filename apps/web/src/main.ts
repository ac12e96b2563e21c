import './without-eval.js';
import { App } from './app.js';

await new App().start();
