// SPDX-License-Identifier: MIT
pragma solidity ^0.8.0;

/// Tickets for a concert: whoever pays gets the next number. `sold` is what all buyers write.
contract Tickets {
    event Bought(address indexed by, uint256 indexed number);
    event Given(address indexed from, address indexed to, uint256 indexed number);

    error WrongPrice(uint256 paid, uint256 price);
    error NotYours(uint256 number, address owner);
    error SoldOut();

    uint256 public immutable price;
    uint256 public immutable seats;
    address payable public immutable hall;

    uint256 public sold;
    mapping(uint256 number => address) public ownerOf;
    mapping(address => uint256) public countOf;

    constructor(uint256 price_, uint256 seats_) {
        price = price_;
        seats = seats_;
        hall = payable(msg.sender);
    }

    function buy() external payable returns (uint256 number) {
        if (msg.value != price) revert WrongPrice(msg.value, price);
        if (sold == seats) revert SoldOut();
        number = ++sold;
        ownerOf[number] = msg.sender;
        countOf[msg.sender]++;
        emit Bought(msg.sender, number);
    }

    function give(uint256 number, address to) external {
        address owner = ownerOf[number];
        if (owner != msg.sender) revert NotYours(number, owner);
        ownerOf[number] = to;
        countOf[msg.sender]--;
        countOf[to]++;
        emit Given(msg.sender, to, number);
    }

    /// What was paid goes to the hall when it asks for it.
    function collect() external {
        (bool done,) = hall.call{ value: address(this).balance }("");
        require(done, "not taken");
    }
}
