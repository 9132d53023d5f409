// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// What tests of the network call: everything that succeeds, fails, logs or looks at its block.
contract Target {
    event Stored(address indexed by, uint256 value);

    error Refused(address who, uint256 value);

    address private constant CONSOLE = 0x000000000000000000636F6e736F6c652e6c6f67;

    uint256 public value;
    mapping(address => uint256) public byUser;

    constructor() payable {}

    receive() external payable {}

    function store(uint256 to) external payable {
        value = to;
        byUser[msg.sender] += to;
        emit Stored(msg.sender, to);
    }

    function fail(uint256 how) external {
        value = how;
        failInside(how);
    }

    function failInside(uint256 how) private {
        if (how == 0) revert("for a reason");
        if (how == 1) revert Refused(msg.sender, 42);
        if (how == 2) assert(value == 0);
        if (how == 3) revert();
        if (how == 4) value = how / (how - 4);
        if (how == 5) while (true) how++;
        if (how == 6) {
            assembly {
                invalid()
            }
        }
        if (how == 7) require(block.timestamp == 1, "expired");
        if (how == 8) Child(address(this)).answer();
        if (how == 9) this.fail(1);
        if (how == 10) new Child(100);
        if (how == 11) payable(msg.sender).transfer(10 ** 30);
        if (how == 12) (new uint256[](0))[how] = 1;
    }

    function make(uint256 number) external returns (address) {
        return address(new Child(number));
    }

    function fill(uint256 count) external {
        for (uint256 i = 1; i <= count; i++) byUser[address(uint160(i))] = i;
    }

    function clear(uint256 count) external {
        for (uint256 i = 1; i <= count; i++) delete byUser[address(uint160(i))];
    }

    function context() external view returns (uint256, uint256, uint256, address, uint256, uint256, bool) {
        return (
            block.timestamp,
            block.number,
            block.basefee,
            block.coinbase,
            block.gaslimit,
            block.prevrandao,
            blockhash(block.number - 1) != 0
        );
    }

    function log(uint256 number) external {
        (bool done,) = CONSOLE.staticcall(abi.encodeWithSignature("log(string,uint256)", "number", number));
        require(done);
        value = number;
    }

    function logAndFail(uint256 number) external {
        this.log(number);
        revert("after the log");
    }
}

contract Child {
    uint256 public answer;

    constructor(uint256 number) {
        require(number < 10, "too large");
        answer = number;
    }
}
