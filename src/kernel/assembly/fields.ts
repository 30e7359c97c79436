/**
 * The words of a control block, by which TypeScript and the kernel tell each other where tables lie and how
 * full they are. Read by both, so there is nothing in it but constants.
 */

// What a run ended for.
/** The octets are at their end, or a message follows that is not for the kernel. */
export const DONE = 0
/** The attribute sets have no room for one more. */
export const SETS_FULL = 1
/** A table has no room for the next message; ROUTES_WANTED says how much it must hold. */
export const ROUTES_FULL = 2
/** What was noted of routes near registered prefixes, or of unused sets, must be dealt with first. */
export const NOTED_FULL = 3

// The session.
export const STATUS = 0
export const MAX_LENGTH = 1
export const UPDATES = 2
export const STAMP_NOW = 3
export const EXTERNAL = 4
export const LOCAL_AS = 5
/** What a path must begin with; 0: anything. */
export const FIRST_AS_REQUIRED = 6
export const REMOTE_AS = 7
export const PEER_FAMILY = 8
export const PEER_WORDS = 9
/** The set told last, and its notes; -1: none. */
export const LAST_SET = 13
export const LAST_NOTES = 14
export const ROUTES_WANTED_FAMILY = 15
export const ROUTES_WANTED = 16

// The policy.
export const MAX_PATH_LENGTH = 17
export const COUNTED = 18
export const MATCH_ALL = 19
export const STANDARD = 20
export const STANDARD_COUNT = 21
export const LARGE = 22
export const LARGE_COUNT = 23

// Attribute sets.
export const RECORDS = 24
export const RECORDS_CAPACITY = 25
export const RECORDS_USED = 26
export const FIRST_FREE = 27
export const SET_TABLE = 28
export const TABLE_MASK = 29
export const SET_COUNT = 30
export const SEED = 31
/** Addresses of all segments, by number. */
export const SEGMENTS = 32
export const SEGMENT = 33
export const SEGMENT_USED = 34
export const SEGMENT_LIVE = 35
export const SEGMENT_ROOM = 36

// What is noted for TypeScript: routes near registered prefixes, sets that nothing refers to any more.
export const NEAR = 37
export const NEAR_COUNT = 38
export const NEAR_CAPACITY = 39
export const UNUSED = 40
export const UNUSED_COUNT = 41
export const UNUSED_CAPACITY = 42
/** Where a stored form is put together. */
export const SCRATCH = 43
/** Routes of one family that wait to be stored together, as they will lie in a slot. */
export const QUEUE = 44
export const SPREAD = 45

/** Announcements with each of eight notes. */
export const NOTED = 46
/** One word a code below 64: what the kernel may take. */
export const RULES = 54

/** Two blocks of words, for IPv4 and IPv6. */
export const TABLES = 118
export const TABLE_WORDS = 12
// Words of such a block.
/** 0: announcements of the family are not for the kernel. */
export const SLOTS = 0
export const CAPACITY = 1
export const COUNT = 2
export const LIMIT = 3
export const FACTOR = 4
export const SHIFT = 5
export const ANNOUNCED = 6
export const FILTER = 7
export const FILTER_WIDE = 8
export const NODES = 9
export const ROOT = 10
/** 1: no verdict hangs on its routes yet, so that those near registered prefixes are merely counted. */
export const QUIET = 11

// Routes near registered prefixes that are counted by number.
export const NEAR_FIELDS = TABLES + 2 * TABLE_WORDS
/** The index of the session. */
export const SESSION = NEAR_FIELDS
/** What the kernel can judge of registered prefixes, by number. */
export const PLAIN = NEAR_FIELDS + 1
/** More-specific routes by session, registered prefix and origin, and where each of them stands. */
export const SPECIFICS = NEAR_FIELDS + 2
export const SPECIFICS_COUNT = NEAR_FIELDS + 3
export const SPECIFICS_PLACES = NEAR_FIELDS + 4
/** 1: a route was noted whose more-specifics come before all that follow. */
export const SPECIFICS_WAIT = NEAR_FIELDS + 5
/** Routes that are verified, failed, or overlap; and findings by bit. */
export const CLASSES = NEAR_FIELDS + 6
export const COUNTED_CLASSES = 3
export const FINDINGS = CLASSES + COUNTED_CLASSES
export const COUNTED_FINDINGS = 7
/** Numbers of the registered prefixes that cover a route, shortest first: one a length at most. */
export const COVERING = FINDINGS + COUNTED_FINDINGS

export const CONTROL_WORDS = COVERING + 129

/** Routes that the queue holds: all of a message of usual length (RFC 4271 §4), however short they are. */
export const QUEUE_ROUTES = 4096

// A rule: this bit, flags from bit 8, fixed length from bit 16 (255: none), length of an entry from bit 24.
export const TAKEN = 1

// Words of a route that was noted.
export const NEAR_WORD0 = 0
export const NEAR_LENGTH = 4
export const NEAR_SET = 5
export const NEAR_BEFORE = 6
export const NEAR_FAMILY = 7
export const NEAR_EXACT = 8
export const NEAR_COVERING = 9
export const NEAR_WORDS = 10

// Words of a registered prefix in PLAIN.
/** NOT_PLAIN, ANY_ORIGIN or ONE_ORIGIN. */
export const PLAIN_KIND = 0
export const PLAIN_ORIGIN = 1
export const PLAIN_WORDS = 2
/** Only TypeScript can judge its routes. */
export const NOT_PLAIN = 0
export const ANY_ORIGIN = 1
export const ONE_ORIGIN = 2

// Words of more-specific routes that were counted together.
export const SPECIFIC_SESSION = 0
export const SPECIFIC_NUMBER = 1
export const SPECIFIC_ORIGIN = 2
export const SPECIFIC_ROUTES = 3
/** Its place among SPECIFICS_PLACES: what says so elsewhere is out of date. */
export const SPECIFIC_PLACE = 4
export const SPECIFIC_WORDS = 5
/** Of such counts there are so many at most; places are 2^PLACE_BITS. */
export const MOST_SPECIFICS = 8192
export const PLACE_BITS = 14

// Words of what `lookUpAll` says of a registered prefix.
/** A set, or none (NO_SET); NOT_LOOKED: nothing was said. */
export const LOOKED_SET = 0
/** Of a set: finding bits under the engine's policy. */
export const LOOKED_BITS = 1
/** Instead, where there is no set: the length of the longest route that covers the prefix; NOT_COVERED. */
export const LOOKED_COVER = 1
/** Of a set: the AS that originates its routes on the session; 0: not known. */
export const LOOKED_ORIGIN = 2
export const LOOKED_WORDS = 3
export const NOT_LOOKED = -2
export const NOT_COVERED = -1
/** Room for what is looked up together, and for its numbers. */
export const LOOKED_SCRATCH = 64 * 7
