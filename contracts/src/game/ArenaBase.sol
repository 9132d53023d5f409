// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// A game: heroes fight one another for gold, and turn gold into items that make them stronger.

import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice Gold and items are ERC-1155 tokens. A fight takes two calls: a challenge in one block, and the outcome in a later one, by the
///         hash of the block after the challenge, which nobody knew when it was made.
/// @dev Two fights share storage only where they share a hero, and what the inheriting contract keeps of all of them.
abstract contract ArenaBase is ERC1155("") {
    uint256 public constant GOLD = 0;
    uint256 public constant SWORD = 1;
    uint256 public constant SHIELD = 2;
    uint256 public constant ITEM_PRICE = 50;
    uint256 public constant FIRST_GOLD = 100;
    uint16 public constant FULL_HEALTH = 100;
    /// @notice Blocks in which a hero gets one point of health back.
    uint256 public constant HEALING_BLOCKS = 5;
    /// @notice How many blocks a challenge waits: hashes of older blocks are not known any more.
    uint256 public constant MOST_BLOCKS = 256;

    /// @dev One slot.
    struct Hero {
        uint16 strength;
        uint16 agility;
        uint16 health;
        uint32 wins;
        uint32 losses;
        /// When `health` was what it says.
        uint64 since;
        bool exists;
    }

    struct Challenge {
        address opponent;
        uint64 blockNumber;
        uint128 stake;
    }

    mapping(address player => Hero) internal _heroes;
    mapping(address player => Challenge) public challenges;
    /// @notice The most that others may challenge a player for; nobody is drawn into a fight for more than it agreed to.
    mapping(address player => uint128) public acceptedStake;

    event HeroEnlisted(address indexed player, uint16 strength, uint16 agility);
    event StakeAccepted(address indexed player, uint128 most);
    event ItemForged(address indexed player, uint256 indexed item);
    event Challenged(address indexed challenger, address indexed opponent, uint128 stake);
    event Fought(address indexed winner, address indexed loser, uint128 stake, uint16 winnerHealth);
    event ChallengeLapsed(address indexed challenger, address indexed opponent);

    error AlreadyEnlisted(address player);
    error NotEnlisted(address player);
    error NoSuchItem(uint256 item);
    error NotYourself();
    error TooWeak(address player, uint16 health);
    error StakeTooHigh(uint128 stake, uint128 accepted);
    error AlreadyFighting(address player);
    error NoChallenge(address player);
    error TooEarly(uint256 blockNumber);

    /// @notice Gives the caller a hero and its first gold.
    function enlist() external {
        if (_heroes[msg.sender].exists) revert AlreadyEnlisted(msg.sender);
        // Follows from the address alone: waiting for a better block is of no use, and another address costs as much as it should.
        uint256 seed = uint256(keccak256(abi.encode(address(this), msg.sender)));
        uint16 strength = uint16(10 + (seed % 11));
        uint16 agility = uint16(30 - strength);
        _heroes[msg.sender] = Hero(strength, agility, FULL_HEALTH, 0, 0, uint64(block.number), true);
        emit HeroEnlisted(msg.sender, strength, agility);
        _enlisted(msg.sender);
        _create(msg.sender, GOLD, FIRST_GOLD);
    }

    /// @notice Lets others challenge the caller for up to `most` gold.
    function acceptChallenges(uint128 most) external {
        acceptedStake[msg.sender] = most;
        emit StakeAccepted(msg.sender, most);
    }

    /// @notice Turns gold into a sword or a shield.
    function forge(uint256 item) external {
        if (item != SWORD && item != SHIELD) revert NoSuchItem(item);
        _destroy(msg.sender, GOLD, ITEM_PRICE);
        emit ItemForged(msg.sender, item);
        _create(msg.sender, item, 1);
    }

    /// @notice Challenges a hero for gold, which the caller leaves here until the fight is over.
    function challenge(address opponent, uint128 stake) external {
        if (opponent == msg.sender) revert NotYourself();
        if (challenges[msg.sender].opponent != address(0)) revert AlreadyFighting(msg.sender);
        _requireFit(msg.sender);
        _requireFit(opponent);
        if (stake > acceptedStake[opponent]) revert StakeTooHigh(stake, acceptedStake[opponent]);
        challenges[msg.sender] = Challenge(opponent, uint64(block.number), stake);
        _destroy(msg.sender, GOLD, stake);
        emit Challenged(msg.sender, opponent, stake);
    }

    /// @notice Fights a challenge out. Anybody may call it, two blocks after the challenge and before the block's hash is forgotten.
    function fight(address challenger) external {
        Challenge memory pending = challenges[challenger];
        if (pending.opponent == address(0)) revert NoChallenge(challenger);
        uint256 decisive = uint256(pending.blockNumber) + 1;
        if (block.number <= decisive) revert TooEarly(decisive + 1);
        delete challenges[challenger];
        // Too late to be decided: the challenger loses, or else it could wait out a fight that goes against it.
        if (block.number > decisive + MOST_BLOCKS) {
            emit ChallengeLapsed(challenger, pending.opponent);
            _create(pending.opponent, GOLD, pending.stake);
            return;
        }
        uint256 seed = uint256(keccak256(abi.encode(blockhash(decisive), challenger, pending.opponent)));
        bool won = _strike(challenger, pending.opponent, seed) >= _strike(pending.opponent, challenger, seed >> 128);
        if (won) _close(challenger, pending.opponent, pending.stake, seed);
        else _close(pending.opponent, challenger, pending.stake, seed);
        uint256 prize = pending.stake;
        if (won) {
            // The challenger gets its own stake back, and as much of the opponent's gold, as far as that one still has it.
            uint256 taken = Math.min(prize, balanceOf(pending.opponent, GOLD));
            _destroy(pending.opponent, GOLD, taken);
            prize += taken;
        }
        _create(won ? challenger : pending.opponent, GOLD, prize);
    }

    /// @notice A hero as it is now, with the health that it has got back.
    function hero(address player) public view returns (Hero memory found) {
        found = _heroes[player];
        if (!found.exists) revert NotEnlisted(player);
        uint256 healed = found.health + (block.number - found.since) / HEALING_BLOCKS;
        found.health = uint16(Math.min(healed, FULL_HEALTH));
    }

    /// @dev Somebody has joined.
    function _enlisted(address player) internal virtual;

    /// @dev A fight is over.
    function _record(address winner, address loser, uint128 stake) internal virtual;

    /// @dev `value` of a token came to be (positive) or is no more.
    function _count(address player, uint256 id, int256 value) internal virtual;

    /// @dev Strength, agility and health count, a sword more, and chance; the other's shield counts against it.
    function _strike(address attacker, address defender, uint256 seed) private view returns (uint256) {
        Hero memory own = hero(attacker);
        uint256 force = uint256(own.strength) * 3 + uint256(own.agility) * 2 + own.health / 5;
        if (balanceOf(attacker, SWORD) > 0) force += 15;
        uint256 hit = force + (seed % 100);
        return balanceOf(defender, SHIELD) > 0 ? Math.saturatingSub(hit, 15) : hit;
    }

    function _close(address winner, address loser, uint128 stake, uint256 seed) private {
        Hero memory won = hero(winner);
        Hero memory lost = hero(loser);
        uint16 wound = uint16(20 + ((seed >> 64) % 30));
        lost.health = lost.health > wound ? lost.health - wound : 1;
        won.health = won.health > wound / 3 ? won.health - wound / 3 : 1;
        (won.since, lost.since) = (uint64(block.number), uint64(block.number));
        ++won.wins;
        ++lost.losses;
        // Every tenth win makes a hero stronger, up to a point.
        if (won.wins % 10 == 0 && won.strength < 60) ++won.strength;
        (_heroes[winner], _heroes[loser]) = (won, lost);
        _record(winner, loser, stake);
        emit Fought(winner, loser, stake, won.health);
    }

    /// @dev The receiver is not asked: a contract that refused its prize would hold up the fight for ever.
    function _create(address player, uint256 id, uint256 value) private {
        if (value == 0) return;
        _count(player, id, int256(value));
        (uint256[] memory ids, uint256[] memory values) = (new uint256[](1), new uint256[](1));
        (ids[0], values[0]) = (id, value);
        _update(address(0), player, ids, values);
    }

    function _destroy(address player, uint256 id, uint256 value) private {
        if (value == 0) return;
        _count(player, id, -int256(value));
        _burn(player, id, value);
    }

    function _requireFit(address player) private view {
        uint16 health = hero(player).health;
        if (health < FULL_HEALTH / 4) revert TooWeak(player, health);
    }
}
