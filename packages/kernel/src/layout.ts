// The one place where offsets, kinds and status codes of the shared memory are written down. It is read by TypeScript and by
// AssemblyScript alike (assembly/*.ts import this very file), so the two sides cannot drift apart: keep it to plain constants.
// All offsets are bytes. All 256-bit values are four u64 limbs, lowest limb first, at 8-aligned addresses.

// ---- Control block: fixed addresses. Words that many workers write have a cache line (64 bytes) of their own. ----

/** First address of the control block. The addresses below it belong to the module's static data. */
export const CONTROL = 1024;
export const CONTROL_SIZE = 4096;

// Configuration: written once by Kernel.create, read-only afterwards.
export const CONFIG_INSTANCES = 1024; // number of instances: the main thread and the workers
export const CONFIG_INSTANCE_BASE = 1028;
export const CONFIG_STATE_BASE = 1032;
export const CONFIG_BLOCK_BASE = 1040;
export const CONFIG_BLOCK_END = 1044;
export const CONFIG_FLAT_BUCKETS = 1048; // one table for accounts, slots and codes
export const CONFIG_FLAT_MASK = 1052; // number of its buckets, less one
export const CONFIG_BLOCK_BUCKETS = 1056; // three tables: accounts, slots, codes
export const CONFIG_BLOCK_MASK = 1060; // number of buckets of the first two, less one
export const CONFIG_CODE_MASK = 1064; // number of buckets of the third one, less one
export const CONFIG_CHUNK_BITS = 1068; // log2 of the size of a chunk of the state arena
export const CONFIG_CHUNK_COUNT = 1072;
export const CONFIG_CHUNK_TABLE = 1076; // CHUNK_* for each chunk of the state arena

// Words of the run.
export const WORD_LOCK = 1152; // scheduler lock: 0 free, else instance + 1
export const WORD_COMMITTER = 1216; // committer role: 0 free, else instance + 1
export const WORD_COMMIT_INDEX = 1280;
export const WORD_EXECUTION_INDEX = 1344;
export const WORD_VALIDATION_INDEX = 1408;
export const WORD_WAKE = 1472; // wake epoch: grows with every change that may create work
export const WORD_WAITERS = 1536; // threads inside Atomics.wait on WORD_WAKE
export const WORD_HALT = 1600; // u64: reason in the low half, unit in the high half; 0 = not halted
export const WORD_FAULT = 1608; // bits FAULT_*
export const WORD_SOLO = 1616; // 1: only SOLO_INSTANCE goes on
export const WORD_SOLO_AFTER = 1620; // aborts + suspensions that switch to solo; 0 = never
export const WORD_IN_VAIN = 1648; // units that were speculated on in vain since the last one that was not
export const WORD_BACK_OFF_UNTIL = 1652; // until so many units are committed only the head is executed
export const WORD_UNIT_COUNT = 1624;
export const WORD_UNIT_TABLE = 1628; // ptr of unit 0
export const WORD_CUMULATIVE_GAS = 1632; // u64
export const WORD_BLOCK_GAS_LIMIT = 1640; // u64; admission is checked against it
export const WORD_BUILDING = 1656; // 1: a unit that the block has no room for is left out; 0: it halts the run
export const WORD_BLOB_LIMIT = 1660; // blobs that the block may have, while building
export const WORD_RECOVER_NEXT = 1664;
export const WORD_TRANSACTIONS_END = 1668; // the unit behind the last transaction's
export const WORD_SETTLE_NEXT = 1676;
export const WORD_CUMULATIVE_BLOBS = 1680; // of the committed units
export const WORD_MET = 1672; // instances that have come to the meeting point of the block's beginning
export const WORD_BLOCK_CURSOR = 1728;
export const WORD_STATE_HEAD = 1792; // the ring of the state arena: number of the next free chunk; the tail's plus the count when it is full
export const WORD_HUGE_BALANCES = 1796; // 1: some account of the flat state holds 2^200 wei or more
export const WORD_STATE_TAIL = 1800; // number of the oldest chunk, below the count
export const WORD_STATE_SETTLED = 1804; // where the head was after the last makeRoom
export const WORD_STATE_CREDIT = 1812; // bytes that makeRoom may still keep, signed
export const WORD_STORAGE_IDS = 1808; // the last number that an account's storage got
export const WORD_EXECUTIONS = 1856;
export const WORD_ABORTS = 1860;
export const WORD_SUSPENSIONS = 1864;
export const WORD_VALIDATIONS = 1868;
export const WORD_ABORT_CAUSES = 1872; // five counters: aborts by the first read that did not hold: storage, balance, nonce, code hash, storage reset
export const WORD_MISSES = 1892; // incarnations that were given up because state had to be fetched
export const WORD_ACCOUNT_COUNT = 1920; // account records of the block
export const WORD_SLOT_COUNT = 1924;
export const FLAT_ZERO_SLOT = 1984; // a flat slot record (80 bytes) that is always zero: the answer "known to be zero"
export const WORD_FLAT_NOW = 2064; // number of the block, modulo 2^30: what FLAT_STAMP is made of
export const CONFIG_HASH_SECRET = 2112; // HASH_SECRET_WORDS u64: written once by Kernel.create, read-only afterwards
export const HASH_SECRET_WORDS = 10; // one for each 32-bit half of a key, one for its owner, one that is added
export const FORTHCOMING_VALUE = 2240; // in place of a value record, behind the estimate of an incarnation that has read a hot slot; nothing is ever put there

// ---- Instance area: one for each thread, index 0 is the main thread. ----

/** Arguments and results of calls; the first words of an instance's area. */
export const SCRATCH_SIZE = 65536;
export const INSTANCE_BLOCK_CURSOR = 65536; // this instance's chunk of the block arena
export const INSTANCE_BLOCK_END = 65540;
export const INSTANCE_RECORD_CHUNK = 65544; // + 1: this instance's chunk of the state arena for accounts and slots; 0 = none
export const INSTANCE_CODE_CHUNK = 65548; // + 1: the one for codes
export const INSTANCE_READ_LOG = 65552;
export const INSTANCE_READ_CURSOR = 65556;
export const INSTANCE_READ_END = 65560;
export const INSTANCE_WRITE_LOG = 65564;
export const INSTANCE_WRITE_CURSOR = 65568;
export const INSTANCE_WRITE_END = 65572;
export const INSTANCE_PENDING = 65576; // what the next step has to complete first: PENDING_*
export const INSTANCE_PENDING_UNIT = 65580;
export const INSTANCE_PENDING_INCARNATION = 65584;
export const INSTANCE_PENDING_VALID = 65588;
export const INSTANCE_PUBLISH_UNIT = 65592;
export const INSTANCE_PUBLISH_SETS = 65596;
export const INSTANCE_PUBLISH_PHASE = 65600;
export const INSTANCE_PUBLISH_INDEX = 65604;
export const INSTANCE_PUBLISH_CHANGED = 65608;
export const INSTANCE_FAILED_LOCATION = 65612; // the read that made the last validation fail
export const INSTANCE_VALUE = 65664; // 32 bytes: the value a validation resolves
export const INSTANCE_SUM = 65728; // 32 bytes: the deltas that a resolution has met
export const INSTANCE_HASH = 65760; // 32 bytes
export const INSTANCE_KECCAK = 65792; // 200 bytes: the sponge
export const INSTANCE_LOGS = 66560; // the read log's, then the write log's first buffer
export const READ_LOG_SIZE = 294912; // 4,096 reads; grows into the block arena
export const WRITE_LOG_SIZE = 81920; // 2,048 writes; grows into the block arena
export const INSTANCE_BLOOM_BITS = 443392; // BLOOM_BITS_ENTRIES times BLOOM_BITS_*: what addresses and topics set in a bloom
export const BLOOM_BITS_ENTRIES = 256;
export const BLOOM_BITS_LENGTH = 0; // u32: bytes of the key, 0 for none
export const BLOOM_BITS_PLACES = 4; // three u16, each below 2,048
export const BLOOM_BITS_KEY = 16; // 32 bytes, zeros behind an address
export const BLOOM_BITS_SIZE = 48;
export const INSTANCE_TERMS = 455744; // TERMS_*: what layOut checks transactions against
/** The instance's EVM: EVM_* below are offsets from here. Pages that no unit needs are never touched. */
export const INSTANCE_EVM = 458752;
/** What this instance has hashed of 64 bytes: KNOWN_HASH_* by the bits of the input. */
export const INSTANCE_HASHES = 3735552;
export const KNOWN_HASH_MASK = 1023;
export const KNOWN_HASH_INPUT = 32; // 64 bytes, behind their hash
export const KNOWN_HASH_SIZE = 96;
export const INSTANCE_STRIDE = 3866624;

export const PENDING_NONE = 0;
export const PENDING_COMMIT = 1; // the committer has validated a unit and has to commit or abort it
export const PENDING_INVALID = 2; // an early validation failed: abort the unit
export const PENDING_ESTIMATES = 3; // a unit is ABORTING: mark its writes, then make it READY
export const PENDING_OWN = 4; // a unit that was just executed here and wants its first validation

// ---- State arena ----

/** An entry of the chunk table. */
export const CHUNK_FILL = 0; // bytes of records; a record larger than a chunk takes the ones behind it too, whose entries stay empty
export const CHUNK_FILLED = 4; // the block that put something in last
export const CHUNK_ENTRY_SIZE = 8;

/** What all records of the state arena begin with. */
export const FLAT_NEXT = 0; // next record of the bucket
export const FLAT_HASH = 4; // an account's or code's hash; a slot's is that of its account's address
export const FLAT_STAMP = 8; // the block that used it last (30 bits), kind (2 bits)

export const FLAT_KIND_MASK = 3;
export const FLAT_KIND_ACCOUNT = 1;
export const FLAT_KIND_SLOT = 2;
export const FLAT_KIND_CODE = 3;

export const FLAT_ACCOUNT_ADDRESS = 12; // 20 bytes
export const FLAT_ACCOUNT_FLAGS = 32;
export const FLAT_ACCOUNT_STORAGE = 36; // a number that no other storage has: slots belong to it, and another one leaves them all behind
export const FLAT_ACCOUNT_NONCE = 40; // u64
export const FLAT_ACCOUNT_BALANCE = 48; // 4 limbs
export const FLAT_ACCOUNT_CODE_HASH = 80; // 32 bytes; all zero for an absent account
export const FLAT_ACCOUNT_SIZE = 112;

export const FLAT_EXISTS = 1;
export const FLAT_HAS_STORAGE = 2;
export const FLAT_COMPLETE = 4; // slots without a record are zero, not unknown

export const FLAT_SLOT_STORAGE = 12; // its account's FLAT_ACCOUNT_STORAGE
export const FLAT_SLOT_KEY = 16; // 32 bytes
export const FLAT_SLOT_VALUE = 48; // 4 limbs
export const FLAT_SLOT_SIZE = 80;

/** A code, in the state arena or, when it was made in the block, in the block arena. */
export const CODE_LENGTH = 12;
export const CODE_HASH = 16; // 32 bytes
/** The code, zeros after it (CODE_PADDING), then at the next 4-aligned address one u32: 1 when the bits behind it say where its jump destinations are. */
export const CODE_BYTES = 48;
export const CODE_PADDING = 33; // what an opcode at the end reads: a STOP, and the data of a PUSH32

/** Answers of makeRoom. */
export const ROOM_LEFT = 0; // nothing was moved or dropped
export const ROOM_MADE = 1; // what was dropped says no more than its absence does
export const ROOM_LOST = 2; // accounts that exist or slots that are not zero were dropped

// ---- Multi-version memory ----
// Account and slot records are 64-byte aligned; a location is the address of a list head, so `location & 63` is its kind.

export const ACCOUNT_NEXT = 0;
export const ACCOUNT_HASH = 4;
export const ACCOUNT_ADDRESS = 8; // 20 bytes
export const ACCOUNT_FLAT = 28; // its flat record, or 0
export const ACCOUNT_LIST_NEXT = 32; // next account record, after collectAccounts()
export const ACCOUNT_SLOTS = 36; // first slot record, after collectAccounts()
export const ACCOUNT_BALANCE = 48; // list heads
export const ACCOUNT_NONCE = 52;
export const ACCOUNT_CODE_HASH = 56;
export const ACCOUNT_STORAGE_RESET = 60;
export const ACCOUNT_SIZE = 64;

export const SLOT_NEXT = 0;
export const SLOT_HASH = 4;
export const SLOT_ACCOUNT = 8;
export const SLOT_FLAT = 12; // its flat record, or 0
export const SLOT_HEAD = 16; // list head
export const SLOT_LIST_NEXT = 20; // next slot record of the account, after collectAccounts()
export const SLOT_HEAT = 24; // above 0: who reads it is expected to write it too
export const SLOT_KEY = 32; // 32 bytes
export const SLOT_SIZE = 64;

/** Kinds of locations are the offsets of their list heads. */
export const LOCATION_BALANCE = 48;
export const LOCATION_NONCE = 52;
export const LOCATION_CODE_HASH = 56;
export const LOCATION_STORAGE_RESET = 60;
export const LOCATION_STORAGE = 16;
export const LOCATION_KIND_MASK = 63;

export const ENTRY_UNIT = 0;
export const ENTRY_DATA = 4; // 0 nothing, else ptr of a value record, bit 0 = ESTIMATE
export const ENTRY_NEXT = 8;
export const ENTRY_SIZE = 16;
export const ESTIMATE_TAG = 1;

export const VALUE_KIND = 0;
export const VALUE_INCARNATION = 4;
export const VALUE_LIMBS = 8;
export const VALUE_SIZE = 40;
export const INCARNATION_HINTED = 0xffffffff; // nobody wrote the value yet: it is expected

export const KIND_VALUE = 0;
export const KIND_DELTA = 1;

/** One entry of a read log or read set: the value read was within lo..hi (inclusive, unsigned). */
export const READ_LOCATION = 0;
export const READ_FLAGS = 4; // READ_ASSUMED
export const READ_LO = 8;
export const READ_HI = 40;
export const READ_SIZE = 72;
/** The range was assumed, not seen: it may become true, so only the commit holds the unit to it. */
export const READ_ASSUMED = 1;

/** One entry of a write log. */
export const WRITE_LOCATION = 0;
export const WRITE_KIND = 4;
export const WRITE_LIMBS = 8;
export const WRITE_SIZE = 40;

/** One item of a published write set. */
export const WRITE_SET_LOCATION = 0;
export const WRITE_SET_ENTRY = 4;
export const WRITE_SET_VALUE = 8; // ptr of its value record
export const WRITE_SET_SIZE = 16;

/** A unit's read set and write set: one immutable record behind one pointer. */
export const SETS_INCARNATION = 0;
export const SETS_READ_COUNT = 4;
export const SETS_READS = 8;
export const SETS_WRITE_COUNT = 12;
export const SETS_WRITES = 16;
export const SETS_SIZE = 24;

/** An estimate that was placed before the run. */
export const HINT_NEXT = 0;
export const HINT_ENTRY = 4;
export const HINT_SIZE = 8;

/** An estimate that a running incarnation has placed: as above, and its slot's location. */
export const FORTHCOMING_LOCATION = 8;
export const FORTHCOMING_SIZE = 16;

/** What an incarnation hashed: a record of the block arena. */
export const PREIMAGE_NEXT = 0; // the one before it, or 0
export const PREIMAGE_LENGTH = 4;
export const PREIMAGE_HASH = 8; // 32 bytes
export const PREIMAGE_BYTES = 40;
export const MAX_PREIMAGE = 128; // longer ones are no keys of mappings
export const MAX_PREIMAGES = 256; // of an incarnation: more than the keys of a trade through several pools, and little enough that no loop fills the arena with them

// ---- Unit table ----

export const UNIT_STATUS = 0;
export const UNIT_INCARNATION = 4;
export const UNIT_DEPENDENTS = 8; // first dependent + 1
export const UNIT_NEXT_DEPENDENT = 12; // + 1
export const UNIT_SETS = 16;
export const UNIT_HINTS = 20;
export const UNIT_GAS_LIMIT = 24; // u64
export const UNIT_GAS_USED = 32; // u64
export const UNIT_OUTCOME = 40;
export const UNIT_OUTCOME_LENGTH = 44;
export const UNIT_FLAGS = 48;
export const UNIT_SENDER_STATUS = 52;
export const UNIT_SENDER = 56; // 20 bytes
export const UNIT_HEAD_INCARNATION = 76; // incarnation + 1 that was claimed when all lower units were committed
export const UNIT_EXECUTIONS = 80;
export const UNIT_ABORTS = 84;
export const UNIT_SUSPENSIONS = 88;
export const UNIT_HINT_HITS = 92; // hinted locations that the unit really wrote
export const UNIT_HINT_COUNT = 96;
export const UNIT_AFTER = 100; // hint: + 1 of the lower unit that is expected to come first, 0 = none
export const UNIT_BLOBS = 104; // takes part in the block's blob admission
export const UNIT_ENCODING = 108; // ptr of its transaction as the block has it (EIP-2718)
export const UNIT_ENCODING_LENGTH = 112;
export const UNIT_TRANSACTION = 116; // ptr of its transaction's record (TX_*), 0 until it was decoded and found valid
export const UNIT_PREIMAGES = 120; // of a unit with KEEP_PREIMAGES: the last PREIMAGE_* of its latest incarnation
export const UNIT_RECEIPT = 124; // ptr of the outcome that the block's receipt number unit - 1 is made of, known to sealReceipts
export const UNIT_SIZE = 128;

export const STATUS_READY = 0;
export const STATUS_EXECUTING = 1;
export const STATUS_EXECUTED = 2;
export const STATUS_SUSPENDED = 3;
export const STATUS_ABORTING = 4;
export const STATUS_COMMITTED = 5;
export const STATUS_PARKED = 6;

/** Bits of UNIT_FLAGS. */
export const HEAD_ONLY = 1; // runs only when all lower units are committed
export const HAS_GAS_LIMIT = 2; // takes part in the block's gas admission
export const LEFT_OUT = 4; // a candidate that is not part of the block that is being built
export const KEEP_PREIMAGES = 8; // notes down what it hashes, for hints

export const SENDER_UNKNOWN = 0;
export const SENDER_KNOWN = 1;

// ---- Transactions: records of the block arena, written once, read by every incarnation of every engine ----

/** A transaction that has passed all checks that need no state. */
export const TX_TYPE = 0; // u32: 0 to 4
export const TX_FLAGS = 4; // u32: TX_*
export const TX_NONCE = 8; // u64
export const TX_GAS_LIMIT = 16; // u64
export const TX_INTRINSIC_GAS = 24; // u64: charged before the first opcode
export const TX_FLOOR_GAS = 32; // u64: the least that is paid in the end (EIP-7623), 0 before Prague
export const TX_DATA = 40; // ptr into the encoding
export const TX_DATA_LENGTH = 44;
export const TX_ACCESS_LIST = 48; // ptr of TX_ACCESS_* entries
export const TX_ACCESS_COUNT = 52;
export const TX_BLOB_HASHES = 56; // ptr of 32 bytes each
export const TX_BLOB_COUNT = 60;
export const TX_AUTHORIZATIONS = 64; // ptr of TX_AUTHORIZATION_* entries: those whose chain, nonce and signature can hold (EIP-7702)
export const TX_AUTHORIZATION_COUNT = 68;
export const TX_TO = 72; // 20 bytes
export const TX_VALUE = 96; // 4 limbs
export const TX_GAS_PRICE = 128; // 4 limbs: what the sender pays for a unit of gas in this block (EIP-1559)
export const TX_MAX_FEE = 160; // 4 limbs: what it must be able to pay
export const TX_MAX_BLOB_FEE = 192; // 4 limbs
export const TX_SIZE = 224;

/** What a block's transactions are checked against, and what they pay for: its rules and limits. */
export const TERMS_TYPES = 0; // u32: below this number types are valid; 0: nothing is laid out here
export const TERMS_FLAGS = 4; // u32: TERMS_*
export const TERMS_MAX_INIT_CODE = 8; // u32
export const TERMS_CHAIN_ID = 16; // u64
export const TERMS_NON_ZERO_GAS = 24; // u64: for a byte of data
export const TERMS_GAS_CAP = 32; // u64: of a transaction
export const TERMS_BASE_FEE = 40; // a word
export const TERMS_SIZE = 72;

/** Bits of TERMS_FLAGS. */
export const TERMS_CREATION_GAS = 1; // EIP-2
export const TERMS_REPLAY_PROTECTION = 2; // EIP-155
export const TERMS_INIT_CODE = 4; // EIP-3860
export const TERMS_FLOOR = 8; // EIP-7623
export const TERMS_PRIORITY_FEE = 16; // EIP-1559

/** Bits of TX_FLAGS. */
export const TX_CREATES = 1; // creates a contract: there is no receiver
export const TX_MESSAGE = 2; // no transaction of a block: what counts towards the block's gas has no refunds
export const TX_ANY_NONCE = 4; // its nonce is the sender's, whatever that is
export const TX_SIMULATED = 8; // nothing is asked of the sender but funds

/** One entry of an access list (EIP-2930). */
export const TX_ACCESS_ADDRESS = 0; // 20 bytes
export const TX_ACCESS_SLOT_COUNT = 20;
export const TX_ACCESS_SLOTS = 24; // ptr of 32 bytes each
export const TX_ACCESS_SIZE = 32;

/** One authorization (EIP-7702). */
export const TX_AUTHORIZATION_AUTHORITY = 0; // 20 bytes: who signed it
export const TX_AUTHORIZATION_DELEGATE = 20; // 20 bytes: whose code it takes on, zero for none
export const TX_AUTHORIZATION_NONCE = 40; // u64
export const TX_AUTHORIZATION_SIZE = 48;

// ---- What a finished incarnation leaves behind besides its sets: records of the block arena, the same for all engines ----

/** A unit's outcome: written by the engine, read when all units are committed. */
export const OUTCOME_STATUS = 0; // u32: 1 success, 0 failure
export const OUTCOME_FLAGS = 4; // u32: OUTCOME_*
export const OUTCOME_GAS_USED = 8; // u64: what the sender pays for
export const OUTCOME_BLOCK_GAS_USED = 16; // u64: what counts towards the block's gas
export const OUTCOME_BLOB_COUNT = 24;
export const OUTCOME_ACCESSES = 28; // ptr of ACCESSES_*
export const OUTCOME_OUTPUT_LENGTH = 32;
export const OUTCOME_LOGS_LENGTH = 36;
export const OUTCOME_ERROR_LENGTH = 40;
export const OUTCOME_CREATED_ADDRESS = 44; // 20 bytes
export const OUTCOME_RECEIPT_LEAF = 64; // 32 bytes: the hash of the receipt's leaf in the receipts trie
export const OUTCOME_CUMULATIVE_GAS = 96; // u64: GAS_USED of this and all earlier receipts, known to sealReceipts
/** Bloom and logs lie as in the receipt. What comes before them in its leaf, at most 34 bytes, is written in front of the bloom. */
export const OUTCOME_LOGS_BLOOM = 144; // 256 bytes
export const OUTCOME_BODY = 400; // the logs as their RLP list, the output, the error's name (UTF-8), one after the other

/** Bits of OUTCOME_FLAGS. */
export const OUTCOME_HAS_CREATED_ADDRESS = 1;
export const OUTCOME_HAS_RECEIPT_LEAF = 2;
export const OUTCOME_UNSUPPORTED = 4; // the block's engine did not support the unit: another one ran it
export const OUTCOME_FRAME_OUT_OF_GAS = 8; // some frame of a message ran out of gas; only calls ask for it

/** What an incarnation accessed, changed or not. */
export const ACCESSES_ACCOUNT_COUNT = 0;
export const ACCESSES_SLOT_COUNT = 4;
export const ACCESSES_LISTS = 8; // account records (u32 each), then slot locations (u32 each)

// ---- Answers ----

/** Answers of peek, read and finalValue. */
export const READ_OK = 0;
export const READ_MISSING = 1; // the base is not in the flat state: fetch it, insert it, try again
export const READ_ESTIMATE = 2; // the blocking unit (u32) is at scratch
export const READ_FAULT = 3;

/** Answers of step and next. */
export const STEP_CONTINUE = 0;
export const STEP_EXECUTE = 1; // scratch: unit u32, incarnation u32, head u32
export const STEP_IDLE = 2;
export const STEP_DONE = 3;
export const STEP_HALTED = 4;

/** What sealReceipts writes to scratch. */
export const SEAL_ROOT = 0; // 32 bytes: of the receipts trie
export const SEAL_BLOOM = 32; // 256 bytes: the union of the receipts'
export const SEAL_GAS_USED = 288; // u64: of the block
export const SEAL_BLOBS = 296; // u32

/** Answers of admission. */
export const ADMITTED = 0;
export const REFUSED_GAS = 1; // its gas limit exceeds what the block has left
export const REFUSED_BLOBS = 2; // it has more blobs than the block has left

export const PUBLISH_DONE = 0;
export const PUBLISH_MORE = 1;
export const PUBLISH_FAULT = -1;
/** Bit of publishEnd's answer: the unit wrote something else than before. */
export const PUBLISH_CHANGED = 1;

export const FAULT_BLOCK_ARENA_FULL = 1;
export const FAULT_STATE_ARENA_FULL = 2;

export const HALT_NONE = 0;
export const HALT_ADMISSION = 1; // a unit's gas limit exceeds what the block has left
export const HALT_FAULT = 2; // an arena is full, see WORD_FAULT
export const HALT_WORKER_DIED = 3;
export const HALT_ERROR = 4; // a worker threw
export const HALT_CANCELLED = 5;

// ---- The EVM of an instance: offsets from INSTANCE_EVM. What does not fit in here is left to another engine (EXIT_UNSUPPORTED). ----

export const EVM_EPOCH = 0; // u32: what the entries of the running incarnation are marked with in EVM_TABLE

// The block, written by beginBlock of the engine. Numbers are u64, words four limbs.
export const EVM_RULES = 4; // u32: RULE_*
export const EVM_NUMBER = 8;
export const EVM_TIMESTAMP = 16;
export const EVM_BLOCK_GAS_LIMIT = 24;
export const EVM_COINBASE = 32; // 20 bytes
export const EVM_RANDOM = 64; // a word: PREVRANDAO, before EIP-4399 the difficulty
export const EVM_BASE_FEE = 96; // a word
export const EVM_BLOB_FEE = 128; // a word
export const EVM_CHAIN_ID = 160; // a word
export const EVM_PRECOMPILES = 192; // 512 bits: which addresses below 512 are precompiles

// Gas that depends on the fork: u64 each.
export const EVM_GAS_COLD_SLOT = 256; // EIP-2929; 0 before
export const EVM_GAS_WARM = 264;
export const EVM_GAS_COLD_ACCOUNT = 272;
export const EVM_GAS_EXP_BYTE = 280;
export const EVM_GAS_STORE_SENTRY = 288; // EIP-2200 and what changed it
export const EVM_GAS_STORE_NOOP = 296;
export const EVM_GAS_STORE_DIRTY = 304;
export const EVM_GAS_STORE_INIT = 312;
export const EVM_GAS_STORE_CLEAN = 320;
export const EVM_REFUND_CLEAR = 328;
export const EVM_REFUND_INIT = 336;
export const EVM_REFUND_CLEAN = 344;
export const EVM_REFUND_QUOTIENT = 352;
export const EVM_REFUND_DESTROY = 360; // of SELFDESTRUCT, until EIP-3529

// What a run needs from outside, and gets.
export const EVM_BLOCKING = 384; // u32: the unit to wait for, after EXIT_SUSPENDED; 0xffffffff: all lower ones
export const EVM_MISSING = 388; // ptr of an account record, a slot's location, or of a code's hash
export const EVM_CALL_DATA = 392; // ptr: what a precompile is called with
export const EVM_CALL_LENGTH = 396;
export const EVM_CALL_ADDRESS = 400; // u32: which precompile
export const EVM_RETURN_LENGTH = 404; // bytes at EVM_RETURN
export const EVM_CALL_GAS = 408; // u64
export const EVM_HASH_NUMBER = 416; // u64: the block whose hash is asked for, and then known
export const EVM_HASH_KNOWN = 424; // u32
export const EVM_ERROR = 428; // u32: ERROR_* that the last frame ended with, 0 for none
export const EVM_HASH = 432; // 32 bytes
export const EVM_GAS_LEFT = 464; // u64: of the unit's outermost frame, when it has ended
export const EVM_INVALID = 472; // u32: INVALID_*, after EXIT_INVALID
export const EVM_INVALID_VALUE = 480; // a word: the nonce or balance that the sender has

export const EVM_PRECOMPILE_GAS = 944; // of the PRECOMPILE_* below 10: what a call takes (u32), and each unit of its input (u32)

export const EVM_ERRORS = 1024; // ERROR_SIZE bytes for each ERROR_*: its length (u32), its name
export const ERROR_SIZE = 64;
export const EVM_OPCODES = 2560; // 256 times OPCODE_*
export const EVM_TEMP = 4608; // scratch of the arithmetic
export const EVM_SEEN = 5632; // STEP_*: what EXIT_STEP tells
export const EVM_STEPS = 6144; // 256 times OPCODE_*, all of them invalid: what RULE_STEPS puts in the place of EVM_OPCODES
export const EVM_TABLE = 8192; // where the entries of the running incarnation are: (epoch, ptr), u32 each
export const EVM_TABLE_MASK = 16383;
export const EVM_FRAMES = 139264;
export const EVM_JOURNAL = 340992;
export const EVM_LOGS = 603136;
export const EVM_RETURN = 734208; // the data that the last call returned
export const EVM_ENTRIES = 865280;
export const EVM_STACK = 1651712;
export const EVM_MEMORY = 2176000;
export const EVM_END = 3276800;

/** One entry of EVM_OPCODES. */
export const OPCODE_GAS = 0; // u16: before anything that depends on the operands
export const OPCODE_TAKEN = 2; // u16: bytes of the stack that it takes; OPCODE_INVALID: there is no such opcode
export const OPCODE_ROOM = 4; // u32: bytes that may be left below what it takes
export const OPCODE_SIZE = 8;
export const OPCODE_INVALID = 0xffff;

/** An opcode that is about to run. */
export const SEEN_PC = 0; // u32
export const SEEN_DEPTH = 4; // u32: 0 for the transaction's own frame
export const SEEN_GAS = 8; // u64: what is left before it
export const SEEN_STACK = 16; // ptr of the stack's first word
export const SEEN_TOP = 20; // ptr behind its last one
export const SEEN_OPCODE = 24; // u32

/** Bits of EVM_RULES. */
export const RULE_ACCESS_LISTS = 1; // EIP-2929
export const RULE_WARM_COINBASE = 2; // EIP-3651
export const RULE_NET_METERING = 4; // EIP-2200
export const RULE_DELEGATIONS = 8; // EIP-7702
export const RULE_BASE_FEE = 16; // EIP-1559
export const RULE_HOLDS_ALL = 32; // what the cache lacks does not exist
export const RULE_CONTRACT_SENDERS = 64; // EIP-3607 does not hold
export const RULE_INIT_CODE = 256; // EIP-3860
export const RULE_CODE_FORMAT = 512; // EIP-3541
export const RULE_LASTING_ACCOUNTS = 1024; // EIP-6780
export const RULE_MODEXP_WORDS = 65536; // EIP-2565
export const RULE_MODEXP_BOUNDS = 131072; // EIP-7823 and EIP-7883
export const RULE_TIME_LIMIT = 128; // stop now and then, so that somebody looks at the clock
export const RULE_STEPS = 1048576; // stop before each opcode: only for looking on

/** Why an EVM stopped. */
export const EXIT_DONE = 0;
export const EXIT_SUSPENDED = 1; // EVM_BLOCKING
export const EXIT_FAULT = 2; // an arena is full
export const EXIT_UNSUPPORTED = 3; // the unit is a matter for another engine
export const EXIT_ACCOUNT = 4; // EVM_MISSING is not in the cache
export const EXIT_SLOT = 5; // EVM_MISSING is not in the cache
export const EXIT_CODE = 6; // EVM_MISSING is not in the cache
export const EXIT_PRECOMPILE = 7; // EVM_CALL_*
export const EXIT_BLOCK_HASH = 8; // EVM_HASH_NUMBER
export const EXIT_TIME = 9; // nothing: look at the clock
export const EXIT_STEP = 10; // EVM_SEEN: an opcode is about to run
export const EXIT_INVALID = 11; // the block cannot contain the transaction here: EVM_INVALID

/** What is wrong with a transaction at the head of its block. */
export const INVALID_NONCE = 1;
export const INVALID_FUNDS = 2;
export const INVALID_SENDER = 3; // has code (EIP-3607)

/** How a frame ends. */
export const ERROR_NONE = 0;
export const ERROR_OUT_OF_GAS = 1;
export const ERROR_STACK_UNDERFLOW = 2;
export const ERROR_STACK_OVERFLOW = 3;
export const ERROR_INVALID_JUMP = 4;
export const ERROR_INVALID_OPCODE = 5;
export const ERROR_REVERT = 6;
export const ERROR_STATIC = 7;
export const ERROR_REFUND_EXHAUSTED = 8;
export const ERROR_CREATE_COLLISION = 9;
export const ERROR_CODE_SIZE = 10;
export const ERROR_INIT_CODE_SIZE = 11;
export const ERROR_INVALID_CODE = 12;
export const ERROR_PRECOMPILE = 13; // its name is what the precompile said
export const ERROR_NO_CODE = 14; // of a system call: there is nothing to call
export const ERROR_COUNT = 15;

/** The precompiles that the kernel runs. */
export const PRECOMPILE_SHA256 = 2;
export const PRECOMPILE_RIPEMD160 = 3;
export const PRECOMPILE_IDENTITY = 4;
export const PRECOMPILE_MODEXP = 5;
export const PRECOMPILE_BLAKE2F = 9;
export const ERROR_OUT_OF_RANGE = 23; // of what they are called with: the last one that EVM_ERRORS has room for
