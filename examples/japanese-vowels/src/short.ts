// Names that fit where there is little room: cut in the middle, because numbered names differ at their end.

export function short(name: string, longest: number): string {
  if (name.length <= longest) return name;
  const end = Math.floor((longest - 1) / 2);
  return `${name.slice(0, longest - 1 - end)}…${name.slice(name.length - end)}`;
}
