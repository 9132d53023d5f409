// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Storage of a namespace, written by code that a proxy runs in its own name.

contract Votes {
    /// @custom:storage-location erc7201:traffic.votes
    struct VotesStorage {
        mapping(uint256 proposal => mapping(address voter => bool)) hasVoted;
        mapping(uint256 proposal => uint256[2]) counts;
    }

    // keccak256(abi.encode(uint256(keccak256("traffic.votes")) - 1)) & ~bytes32(uint256(0xff))
    function _votes() private pure returns (VotesStorage storage votes) {
        bytes32 slot = keccak256(abi.encode(uint256(keccak256("traffic.votes")) - 1)) & ~bytes32(uint256(0xff));
        assembly {
            votes.slot := slot
        }
    }

    function vote(uint256 proposal, uint256 side) external {
        VotesStorage storage votes = _votes();
        require(!votes.hasVoted[proposal][msg.sender], "voted");
        votes.hasVoted[proposal][msg.sender] = true;
        votes.counts[proposal][side]++;
    }
}

contract Proxy {
    // keccak256("eip1967.proxy.implementation") - 1
    bytes32 private constant SLOT = 0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc;

    constructor(address implementation) {
        assembly {
            sstore(SLOT, implementation)
        }
    }

    fallback() external payable {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), sload(SLOT), 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch ok
            case 0 {
                revert(0, returndatasize())
            }
            default {
                return(0, returndatasize())
            }
        }
    }
}

contract Deeds {
    uint256 public last = 1_000;
    mapping(uint256 id => address) public ownerOf;
    mapping(address account => uint256) public count;

    function next() external {
        ownerOf[++last] = msg.sender;
    }

    function make(uint256 id) external {
        require(ownerOf[id] == address(0), "taken");
        ownerOf[id] = msg.sender;
        count[msg.sender]++;
    }

    function give(uint256 id, address to) external {
        require(ownerOf[id] == msg.sender, "not yours");
        ownerOf[id] = to;
        count[msg.sender]--;
        count[to]++;
    }
}
