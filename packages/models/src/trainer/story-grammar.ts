import { createRandom, InvalidProblemError, type RandomSource } from '@espalier/core';

const PEOPLE = [
  { name: 'Anna', subject: 'she', object: 'her', own: 'her' },
  { name: 'Mia', subject: 'she', object: 'her', own: 'her' },
  { name: 'Rosa', subject: 'she', object: 'her', own: 'her' },
  { name: 'Ben', subject: 'he', object: 'him', own: 'his' },
  { name: 'Omar', subject: 'he', object: 'him', own: 'his' },
  { name: 'Theo', subject: 'he', object: 'him', own: 'his' },
] as const;
const PLACES = ['garden', 'kitchen', 'forest', 'market', 'library', 'harbour', 'barn', 'attic'];
const ADJECTIVES = ['small', 'red', 'old', 'shiny', 'heavy', 'quiet', 'broken', 'golden'];
/** Singular and plural. */
const OBJECTS = [
  ['lamp', 'lamps'],
  ['apple', 'apples'],
  ['boat', 'boats'],
  ['drum', 'drums'],
  ['key', 'keys'],
  ['kite', 'kites'],
  ['map', 'maps'],
  ['stone', 'stones'],
] as const;
/** Past tense, with what it takes. */
const ACTIONS = ['found', 'carried', 'dropped', 'painted', 'hid', 'washed', 'lost', 'fixed'];
const FEELINGS = ['happy', 'tired', 'proud', 'sad', 'curious', 'brave'];
const NUMBERS = ['two', 'three', 'four', 'five'];

/**
 * Small stories from a grammar, at least `length` characters: people, places and objects, with pronouns that agree with the name and
 * verbs that agree with a number named earlier in the sentence. Equal seeds give equal text.
 */
export function generateStories(length: number, seed = 0): string {
  if (!(length >= 0 && Number.isFinite(length)))
    throw new InvalidProblemError(`The length of a text is a finite number of at least 0; given ${length}.`);
  const random = createRandom(seed);
  const stories: string[] = [];
  for (let written = 0; written < length; ) {
    const story = oneStory(random);
    stories.push(story);
    written += story.length + 1;
  }
  return `${stories.join('\n')}\n`;
}

function oneStory(random: RandomSource): string {
  const pick = <T>(items: readonly T[]): T => items[random.integer(items.length)];
  const [hero, friend] = [...random.sample(PEOPLE.length, 2)].map((i) => PEOPLE[i]);
  const [place, other] = [...random.sample(PLACES.length, 2)].map((i) => PLACES[i]);
  const thing = pick(OBJECTS);
  const [adjective, action, feeling] = [pick(ADJECTIVES), pick(ACTIONS), pick(FEELINGS)];
  const many = random.uniform() < 0.5;
  const number = pick(NUMBERS);
  const noun = many ? `${number} ${adjective} ${thing[1]}` : `${article(adjective)} ${adjective} ${thing[0]}`;
  const [they, were] = many ? ['they', 'were'] : ['it', 'was'];
  const sentences = [
    `One day ${hero.name} went to the ${place} with ${hero.own} friend ${friend.name}.`,
    `There ${hero.subject} ${action} ${noun}.`,
    `The ${many ? thing[1] : thing[0]} that ${hero.name} ${action} near the ${other} ${were} very ${adjective}.`,
    `${friend.name} asked ${hero.object} if ${they} ${were} for ${friend.object}.`,
    `"Yes," said ${hero.name}, and ${friend.subject} was ${feeling}.`,
    `Then ${hero.name} and ${friend.name} took ${many ? `the ${number} ${thing[1]}` : `the ${thing[0]}`} home.`,
  ];
  return sentences.filter((_, i) => i < 2 || random.uniform() < 0.75).join(' ');
}

function article(word: string): string {
  return /^[aeiou]/.test(word) ? 'an' : 'a';
}
