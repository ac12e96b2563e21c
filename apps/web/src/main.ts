import './without-eval.js';
import { App } from './app.js';

new App().start();
