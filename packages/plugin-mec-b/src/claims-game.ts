import { type Claim, type ClaimContext, defineClaim, type Measurements } from '@espalier/core';
import type { MarkovCodingGameSolution } from './coding-game.js';
import { gridWorld } from './grid-world.js';
import { markovCodingGame } from './markov-coding-game.js';

/** One point of the game: encoder, temperature, rate. */
interface Point {
  readonly encoder: 'search' | 'uniform';
  readonly logTemperature: number;
  readonly rate: number;
}

const keyOf = ({ encoder, logTemperature, rate }: Point) => `${encoder}@${logTemperature}/${rate}`;

/** Accuracy, reward with its standard error, and belief entropy after ten steps, under `encoder@logTemperature/rate`. */
async function measurePoints(
  points: readonly Point[],
  messages: number,
  episodes: number,
  { seed, signal, onProgress }: ClaimContext,
): Promise<Measurements> {
  const result: Record<string, number> = {};
  for (const point of points) {
    const key = keyOf(point);
    onProgress?.(key);
    const { accuracy, meanReward, rewardError, entropyCurve }: MarkovCodingGameSolution =
      await markovCodingGame.create({ encoder: point.encoder }).solve(
        {
          world: gridWorld(),
          temperature: Math.exp(point.logTemperature),
          messages,
          rate: point.rate,
          episodes,
        },
        { seed, signal },
      );
    result[`${key}.accuracy`] = accuracy;
    result[`${key}.reward`] = meanReward;
    result[`${key}.error`] = rewardError;
    result[`${key}.unknown`] = entropyCurve[Math.min(10, entropyCurve.length - 1)]!;
  }
  return result;
}

const RATES = [0.75, 0.5, 0.25] as const;

/** Every rate with both encoders, and the uncompressed game. */
const pointsAt = (logTemperature: number): Point[] => [
  { encoder: 'search', logTemperature, rate: 1 },
  ...RATES.flatMap((rate) =>
    (['search', 'uniform'] as const).map((encoder): Point => ({ encoder, logTemperature, rate })),
  ),
];

const show = (m: Measurements, logTemperature: number) => {
  const of = (encoder: 'search' | 'uniform', rate: number) => {
    const key = keyOf({ encoder, logTemperature, rate });
    return `${m[`${key}.accuracy`]!.toFixed(2)} (${m[`${key}.reward`]!.toFixed(2)})`;
  };
  return `log beta ${logTemperature}: R/H 1: ${of('search', 1)}; ${RATES.map((rate) => `${rate}: ${of('search', rate)} against ${of('uniform', rate)}`).join('; ')}`;
};

/** Algorithm 1 against the scalar quantizer in the game, with `lead` more accuracy at one temperature. */
function gameClaim(
  name: string,
  messages: number,
  episodes: number,
  temperatures: readonly number[],
  lead: number,
  paperFigure: string,
): Claim {
  const judged = temperatures[0]!;
  return defineClaim({
    name,
    tier: 'full',
    statement:
      `With ${messages} messages and log beta = ${judged} the receiver's accuracy is at least ${lead} higher with Algorithm 1 than with uniform ` +
      'quantization at R/H = 0.75, 0.5 and 0.25, at rewards that agree within three standard errors; the belief also converges faster.',
    paper: {
      figure: paperFigure,
      setting: '8 x 8 grid world, 512 messages, 200 episodes a point, log beta from -6 to -3',
    },
    measure: (context) => measurePoints(temperatures.flatMap(pointsAt), messages, episodes, context),
    figure: (m) =>
      `accuracy (reward): ${temperatures.map((logTemperature) => show(m, logTemperature)).join('. ')}`,
    judge(m) {
      const at = (encoder: 'search' | 'uniform', rate: number, what: string) =>
        m[`${keyOf({ encoder, logTemperature: judged, rate })}.${what}`]!;
      const leads = RATES.map((rate) => at('search', rate, 'accuracy') - at('uniform', rate, 'accuracy'));
      const deviations = RATES.map((rate) => {
        const difference = at('search', rate, 'reward') - at('uniform', rate, 'reward');
        return (
          Math.abs(difference) / Math.hypot(at('search', rate, 'error'), at('uniform', rate, 'error'), 1e-9)
        );
      });
      const faster = RATES.filter(
        (rate) => at('search', rate, 'unknown') < at('uniform', rate, 'unknown'),
      ).length;
      const [leading, fair] = [leads.every((v) => v >= lead), deviations.every((v) => v <= 3)];
      return {
        verdict:
          leading && fair && faster === RATES.length
            ? 'holds'
            : leads.every((v) => v > 0)
              ? 'partly'
              : 'does not hold',
        reason:
          `Leads ${leads.map((v) => v.toFixed(2)).join(', ')}; rewards differ by ${deviations.map((v) => v.toFixed(1)).join(', ')} standard errors; ` +
          `after ten steps the belief is sharper at ${faster} of ${RATES.length} rates.`,
      };
    },
  });
}

const PAPER_FIGURE =
  'reward and accuracy of Algorithm 1 above uniform quantization at every rate; the belief converges faster';

export const gameClaims = [
  gameClaim('game-64-messages', 64, 100, [-5, -4], 0.3, PAPER_FIGURE),
  gameClaim('game-512-messages', 512, 40, [-4.5], 0.3, PAPER_FIGURE),
];
