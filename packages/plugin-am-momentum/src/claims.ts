import digitsClaims from './claims/digits.js';
import languageModelClaims from './claims/language-model.js';
import quadraticClaim from './claims/quadratic.js';

export default [quadraticClaim, ...digitsClaims, ...languageModelClaims];
