import activeSet from './claims-active-set.js';
import graphs from './claims-graphs.js';
import rules from './claims-rules.js';
import time from './claims-time.js';

export default [...rules, ...graphs, ...activeSet, ...time];
