// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Insurance: underwriters bring capital, holders buy policies for a premium, and assessors decide claims, which the capital pays.

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice Each policy is backed in full by the pool that wrote it: what is insured is locked there until the policy is over. A claim is
///         decided when three assessors agree. Underwriters leave a week after they last came, so that nobody comes for a premium alone.
/// @dev The inheriting contract says how many pools there are, how policies are numbered, in which order claims are paid, and where the
///      tokens lie.
abstract contract InsuranceBase is AccessControl, ReentrancyGuardTransient {
    using Math for uint256;

    bytes32 public constant ASSESSOR_ROLE = keccak256("ASSESSOR_ROLE");
    uint256 public constant QUORUM = 3;
    /// @notice How long after a policy's end a claim may still be filed.
    uint256 public constant FILING_TIME = 30 days;
    uint256 public constant WITHDRAWAL_DELAY = 7 days;
    uint256 private constant WHOLE = 10_000;
    /// @dev As if there were one wei and a million shares more than there are: the first underwriter cannot make shares too dear to buy.
    uint256 private constant VIRTUAL_SHARES = 1e6;

    enum ClaimStatus {
        None,
        Filed,
        Approved,
        Denied,
        Paid,
        Closed
    }

    struct Pool {
        uint256 assets;
        uint256 shares;
        /// What its policies may cost.
        uint256 locked;
    }

    struct Policy {
        address holder;
        uint32 product;
        uint64 start;
        uint64 end;
        uint256 cover;
        uint256 pool;
    }

    struct Claim {
        uint256 amount;
        bytes32 evidence;
        uint32 approvals;
        uint32 denials;
        ClaimStatus status;
    }

    IERC20 public immutable token;
    /// @notice The premium of a product for a year, in ten thousandths of the cover; zero is no product.
    mapping(uint32 product => uint256) public rates;
    mapping(uint256 pool => Pool) public pools;
    mapping(address underwriter => uint256) public sharesOf;
    mapping(address underwriter => uint256) public cameAt;
    mapping(bytes32 id => Policy) public policies;
    /// @notice A policy has one claim at most.
    mapping(bytes32 policy => Claim) public claims;
    mapping(bytes32 policy => mapping(address assessor => bool)) public hasAssessed;

    event RateSet(uint32 indexed product, uint256 rate);
    event Underwritten(address indexed underwriter, uint256 indexed pool, uint256 assets, uint256 shares);
    event CapitalWithdrawn(address indexed underwriter, uint256 indexed pool, uint256 assets, uint256 shares);
    event PolicyBought(bytes32 indexed id, address indexed holder, uint32 indexed product, uint256 cover, uint256 premium, uint64 end);
    event ClaimFiled(bytes32 indexed policy, uint256 amount, bytes32 evidence);
    event ClaimAssessed(bytes32 indexed policy, address indexed assessor, bool approved);
    event ClaimDecided(bytes32 indexed policy, bool approved);
    event ClaimPaid(bytes32 indexed policy, address indexed holder, uint256 amount);
    event PolicyEnded(bytes32 indexed policy);

    error NothingToDo();
    error UnknownProduct(uint32 product);
    error InvalidPeriod(uint64 period);
    error NotEnoughCapital(uint256 pool, uint256 free, uint256 wanted);
    error TooEarly(uint256 time);
    error NotTheHolder(address holder);
    error TooLate(uint256 time);
    error ClaimTooHigh(uint256 amount, uint256 cover);
    error PremiumTooHigh(uint256 premium, uint256 most);
    error WrongStatus(ClaimStatus status);
    error AlreadyAssessed(address assessor);
    error OwnClaim(address assessor);
    error NotYourTurn(bytes32 policy);

    constructor(IERC20 currency) {
        token = currency;
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
    }

    /// @notice What a product costs from now on; zero ends its sale.
    function setRate(uint32 product, uint256 rate) external onlyRole(DEFAULT_ADMIN_ROLE) {
        rates[product] = rate;
        emit RateSet(product, rate);
    }

    /// @notice Where the capital of `underwriter` is.
    function poolOf(address underwriter) public view virtual returns (uint256);

    /// @notice Brings capital of the caller's into its pool.
    function underwrite(uint256 assets) external nonReentrant returns (uint256 shares) {
        uint256 number = poolOf(msg.sender);
        Pool storage pool = pools[number];
        shares = assets.mulDiv(pool.shares + VIRTUAL_SHARES, pool.assets + 1);
        if (shares == 0) revert NothingToDo();
        pool.assets += assets;
        pool.shares += shares;
        sharesOf[msg.sender] += shares;
        cameAt[msg.sender] = block.timestamp;
        emit Underwritten(msg.sender, number, assets, shares);
        _pull(number, assets);
    }

    /// @notice Takes capital back that no policy needs.
    function withdraw(uint256 shares, address to) external nonReentrant returns (uint256 assets) {
        uint256 from = cameAt[msg.sender] + WITHDRAWAL_DELAY;
        if (block.timestamp < from) revert TooEarly(from);
        uint256 number = poolOf(msg.sender);
        Pool storage pool = pools[number];
        assets = shares.mulDiv(pool.assets + 1, pool.shares + VIRTUAL_SHARES);
        if (assets == 0) revert NothingToDo();
        _requireFree(number, assets);
        sharesOf[msg.sender] -= shares;
        pool.shares -= shares;
        pool.assets -= assets;
        emit CapitalWithdrawn(msg.sender, number, assets, shares);
        _push(number, to, assets);
    }

    /// @notice Insures the caller for `cover` with a pool, from now on for `period` seconds.
    function buy(
        uint32 product,
        uint256 cover,
        uint64 period,
        uint256 mostPremium,
        uint256 pool
    ) external nonReentrant returns (bytes32 id) {
        if (cover == 0) revert NothingToDo();
        if (period < 1 days || period > 365 days) revert InvalidPeriod(period);
        uint256 premium = premiumFor(product, cover, period);
        if (premium > mostPremium) revert PremiumTooHigh(premium, mostPremium);
        _requireFree(pool, cover);
        pools[pool].locked += cover;
        pools[pool].assets += premium;
        id = _newId(msg.sender);
        uint64 ends = uint64(block.timestamp) + period;
        policies[id] = Policy(msg.sender, product, uint64(block.timestamp), ends, cover, pool);
        emit PolicyBought(id, msg.sender, product, cover, premium, ends);
        _pull(pool, premium);
    }

    /// @param evidence The hash of what assessors are shown.
    function file(bytes32 policyId, uint256 amount, bytes32 evidence) external {
        Policy storage policy = _own(policyId);
        if (block.timestamp > policy.end + FILING_TIME) revert TooLate(policy.end + FILING_TIME);
        if (amount == 0 || evidence == 0) revert NothingToDo();
        if (amount > policy.cover) revert ClaimTooHigh(amount, policy.cover);
        Claim storage claim = claims[policyId];
        if (claim.status != ClaimStatus.None) revert WrongStatus(claim.status);
        (claim.amount, claim.evidence, claim.status) = (amount, evidence, ClaimStatus.Filed);
        emit ClaimFiled(policyId, amount, evidence);
        _filed(policyId);
    }

    /// @notice An assessor's word on a claim. The third that says the same decides.
    function assess(bytes32 policyId, bool approve) external onlyRole(ASSESSOR_ROLE) {
        Claim storage claim = claims[policyId];
        if (claim.status != ClaimStatus.Filed) revert WrongStatus(claim.status);
        if (policies[policyId].holder == msg.sender) revert OwnClaim(msg.sender);
        if (hasAssessed[policyId][msg.sender]) revert AlreadyAssessed(msg.sender);
        hasAssessed[policyId][msg.sender] = true;
        uint256 alike = approve ? ++claim.approvals : ++claim.denials;
        emit ClaimAssessed(policyId, msg.sender, approve);
        if (alike < QUORUM) return;
        claim.status = approve ? ClaimStatus.Approved : ClaimStatus.Denied;
        emit ClaimDecided(policyId, approve);
    }

    /// @notice Pays a claim that was approved, or closes one that was denied. Anybody may call it.
    function settle(bytes32 policyId) external nonReentrant {
        Claim storage claim = claims[policyId];
        ClaimStatus status = claim.status;
        if (status != ClaimStatus.Approved && status != ClaimStatus.Denied) revert WrongStatus(status);
        _takeTurn(policyId);
        if (status == ClaimStatus.Denied) {
            claim.status = ClaimStatus.Closed;
            return;
        }
        claim.status = ClaimStatus.Paid;
        Policy memory policy = policies[policyId];
        Pool storage pool = pools[policy.pool];
        pool.locked -= policy.cover;
        pool.assets -= claim.amount;
        emit ClaimPaid(policyId, policy.holder, claim.amount);
        _push(policy.pool, policy.holder, claim.amount);
    }

    /// @notice Frees the capital behind a policy that is over. Anybody may call it.
    function end(bytes32 policyId) external {
        Policy memory policy = policies[policyId];
        if (policy.holder == address(0)) revert NothingToDo();
        uint256 from = policy.end + FILING_TIME;
        if (block.timestamp <= from) revert TooEarly(from);
        ClaimStatus status = claims[policyId].status;
        bool decided = status == ClaimStatus.Denied || status == ClaimStatus.Closed;
        if (status != ClaimStatus.None && !decided) revert WrongStatus(status);
        pools[policy.pool].locked -= policy.cover;
        delete policies[policyId];
        emit PolicyEnded(policyId);
    }

    /// @notice Rounded up.
    function premiumFor(uint32 product, uint256 cover, uint64 period) public view returns (uint256) {
        uint256 rate = rates[product];
        if (rate == 0) revert UnknownProduct(product);
        return (cover * rate).mulDiv(period, WHOLE * 365 days, Math.Rounding.Ceil);
    }

    /// @notice What `shares` of a pool are worth.
    function assetsFor(uint256 pool, uint256 shares) external view returns (uint256) {
        return shares.mulDiv(pools[pool].assets + 1, pools[pool].shares + VIRTUAL_SHARES);
    }

    /// @dev A number that no policy has.
    function _newId(address holder) internal virtual returns (bytes32);

    /// @dev A claim was filed.
    function _filed(bytes32 policyId) internal virtual;

    /// @dev Reverts when another claim must be settled before this one.
    function _takeTurn(bytes32 policyId) internal virtual;

    /// @dev Takes tokens of the caller's into a pool.
    function _pull(uint256 pool, uint256 amount) internal virtual;

    function _push(uint256 pool, address to, uint256 amount) internal virtual;

    function _own(bytes32 policyId) private view returns (Policy storage policy) {
        policy = policies[policyId];
        if (policy.holder != msg.sender) revert NotTheHolder(policy.holder);
    }

    function _requireFree(uint256 pool, uint256 wanted) private view {
        uint256 free = Math.saturatingSub(pools[pool].assets, pools[pool].locked);
        if (free < wanted) revert NotEnoughCapital(pool, free, wanted);
    }
}
