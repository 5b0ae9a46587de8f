import { InvalidDataError, type StoredWeight } from '@espalier/core';

/** A whole number among a stored weight's attributes. @throws InvalidDataError for anything else, and below `least` */
export function storedNumber(attributes: StoredWeight['attributes'], name: string, least: number): number {
  const value = attributes[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least)
    throw new InvalidDataError(`A stored codebook weight has the whole number '${name}'; given ${value}.`);
  return value;
}
