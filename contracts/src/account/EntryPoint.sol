// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

// Account abstraction in the manner of ERC-4337: bundlers bring signed operations of smart accounts, each is validated by its account
// (and its paymaster), executed, and paid for out of a deposit.

import {
    IAccount,
    IEntryPoint,
    IPaymaster,
    PackedUserOperation
} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {ERC4337Utils} from "@openzeppelin/contracts/account/utils/ERC4337Utils.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {EntryPointDeposits} from "./EntryPointDeposits.sol";

/// @title Calls account factories in the entry point's place, so that a factory is never called by whom accounts trust
contract SenderCreator {
    address private immutable _entryPoint = msg.sender;

    error OnlyEntryPoint();

    function create(address factory, bytes calldata data) external returns (address sender) {
        if (msg.sender != _entryPoint) revert OnlyEntryPoint();
        (bool ok, bytes memory answer) = factory.call(data);
        if (ok && answer.length == 32) sender = abi.decode(answer, (address));
    }
}

/// @notice Reasons begin with the codes of the EIP's own entry point (AA10, AA21 …), which bundlers look for. Signature aggregators are
///         not supported.
/// @dev What serialises: `_nonces[account][key]`, operations of one account with the same key (who uses a key of its own for each
///      purpose sends them side by side); `balanceOf[paymaster]`, all operations that one paymaster pays for, in whatever bundle:
///      PaymasterFleet spreads them over eight.
contract EntryPoint is IEntryPoint, EntryPointDeposits, EIP712("ERC4337", "1"), ReentrancyGuardTransient {
    using ERC4337Utils for PackedUserOperation;

    bytes32 private constant OPERATION_TYPE =
        keccak256(
            "PackedUserOperation(address sender,uint256 nonce,bytes initCode,bytes callData,bytes32 accountGasLimits,uint256 preVerificationGas,bytes32 gasFees,bytes paymasterAndData)"
        );
    /// @dev What of the gas that an operation asks for and does not use is paid all the same: bundlers had to keep room for it.
    uint256 private constant UNUSED_GAS_PERCENT = 10;
    uint256 private constant FREE_UNUSED_GAS = 40_000;
    /// @dev For what happens around the call of an operation.
    uint256 private constant OVERHEAD_GAS = 10_000;
    /// @dev What a failed operation may hand back of its reason.
    uint256 private constant MOST_REASON_BYTES = 2_048;

    enum Outcome {
        Done,
        CallFailed
    }

    /// @dev An operation between its validation and its execution.
    struct Validated {
        bytes32 hash;
        address sender;
        uint256 nonce;
        address paymaster;
        /// Who pays, and what was set aside for it.
        address payer;
        uint256 setAside;
        uint256 callGas;
        uint256 verificationGas;
        uint256 paymasterGas;
        uint256 postOpGas;
        uint256 preGas;
        uint256 maxFee;
        /// The fee for each unit of gas in this block.
        uint256 gasPrice;
        /// Used up to the end of validation.
        uint256 usedGas;
        bytes context;
    }

    SenderCreator public immutable senderCreator = new SenderCreator();
    mapping(address account => mapping(uint192 key => uint64)) private _nonces;

    event AccountDeployed(bytes32 indexed operationHash, address indexed sender, address factory, address paymaster);
    event UserOperationEvent(
        bytes32 indexed operationHash,
        address indexed sender,
        address indexed paymaster,
        uint256 nonce,
        bool success,
        uint256 actualGasCost,
        uint256 actualGasUsed
    );
    event UserOperationRevertReason(bytes32 indexed operationHash, address indexed sender, uint256 nonce, bytes reason);
    event PostOpRevertReason(bytes32 indexed operationHash, address indexed sender, uint256 nonce, bytes reason);

    error AggregatorsNotSupported();
    error OnlySelf();
    error PostOpReverted(bytes reason);
    error NotEnoughGas();
    error BeneficiaryRefused(address beneficiary);

    function handleOps(PackedUserOperation[] calldata ops, address payable beneficiary) external nonReentrant {
        Validated[] memory validated = new Validated[](ops.length);
        // All are validated before any is executed: one cannot make another one invalid that the bundler has seen to be valid.
        for (uint256 i = 0; i < ops.length; ++i) _validate(i, ops[i], validated[i]);
        uint256 collected = 0;
        for (uint256 i = 0; i < ops.length; ++i) collected += _execute(i, ops[i], validated[i]);
        (bool accepted, ) = beneficiary.call{value: collected}("");
        if (!accepted) revert BeneficiaryRefused(beneficiary);
    }

    function handleAggregatedOps(UserOpsPerAggregator[] calldata, address payable) external pure {
        revert AggregatorsNotSupported();
    }

    /// @notice The next nonce of `sender` in the sequence `key`, with the key in its upper 192 bits.
    function getNonce(address sender, uint192 key) external view returns (uint256) {
        return (uint256(key) << 64) | _nonces[sender][key];
    }

    function getUserOpHash(PackedUserOperation calldata op) public view returns (bytes32) {
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        OPERATION_TYPE,
                        op.sender,
                        op.nonce,
                        keccak256(op.initCode),
                        keccak256(op.callData),
                        op.accountGasLimits,
                        op.preVerificationGas,
                        op.gasFees,
                        keccak256(op.paymasterAndData)
                    )
                )
            );
    }

    /// @notice For this contract alone: the part of an operation that is undone when its paymaster's `postOp` fails.
    function runOperation(bytes calldata callData, Validated calldata op) external returns (Outcome outcome) {
        if (msg.sender != address(this)) revert OnlySelf();
        uint256 gasBefore = gasleft();
        // 63/64 of the gas at most go into a call; with less than was promised, the operation would fail by the bundler's fault.
        if ((gasBefore * 63) / 64 < op.callGas + op.postOpGas + OVERHEAD_GAS) revert NotEnoughGas();
        if (callData.length > 0) {
            (bool ok, bytes memory reason) = _call(op.sender, op.callGas, callData);
            if (!ok) {
                outcome = Outcome.CallFailed;
                emit UserOperationRevertReason(op.hash, op.sender, op.nonce, reason);
            }
        }
        if (op.context.length == 0) return outcome;
        IPaymaster.PostOpMode mode = outcome == Outcome.Done ? IPaymaster.PostOpMode.opSucceeded : IPaymaster.PostOpMode.opReverted;
        uint256 cost = (op.usedGas + op.preGas + gasBefore - gasleft()) * op.gasPrice;
        (bool posted, bytes memory failure) = _call(
            op.paymaster,
            op.postOpGas,
            abi.encodeCall(IPaymaster.postOp, (mode, op.context, cost, op.gasPrice))
        );
        if (!posted) revert PostOpReverted(failure);
    }

    function _validate(uint256 index, PackedUserOperation calldata op, Validated memory result) private {
        uint256 gasBefore = gasleft();
        _readLimits(index, op, result);
        if (!_useNonce(op.sender, op.nonce)) revert FailedOp(index, "AA25 invalid account nonce");
        result.hash = getUserOpHash(op);
        if (op.initCode.length > 0) _createSender(index, op, result);
        _askAccount(index, op, result);
        if (result.paymaster != address(0)) _askPaymaster(index, op, result);
        result.usedGas = gasBefore - gasleft();
        uint256 allowed = result.verificationGas + result.paymasterGas + result.preGas;
        if (result.usedGas > allowed) revert FailedOp(index, "AA26 over verificationGasLimit");
    }

    function _readLimits(uint256 index, PackedUserOperation calldata op, Validated memory result) private view {
        (result.sender, result.nonce, result.preGas) = (op.sender, op.nonce, op.preVerificationGas);
        (result.verificationGas, result.callGas) = (op.verificationGasLimit(), op.callGasLimit());
        if (op.paymasterAndData.length > 0) {
            if (op.paymasterAndData.length < 52) revert FailedOp(index, "AA93 invalid paymasterAndData");
            result.paymaster = op.paymaster();
            (result.paymasterGas, result.postOpGas) = (op.paymasterVerificationGasLimit(), op.paymasterPostOpGasLimit());
        }
        result.maxFee = op.maxFeePerGas();
        result.gasPrice = op.gasPrice();
        uint256 all = result.preGas | result.verificationGas | result.callGas | result.paymasterGas | result.postOpGas | result.maxFee;
        if (all > type(uint120).max) revert FailedOp(index, "AA94 gas values overflow");
        result.payer = result.paymaster == address(0) ? op.sender : result.paymaster;
        result.setAside =
            (result.preGas + result.verificationGas + result.callGas + result.paymasterGas + result.postOpGas) * result.maxFee;
    }

    function _useNonce(address sender, uint256 nonce) private returns (bool) {
        return _nonces[sender][uint192(nonce >> 64)]++ == uint64(nonce);
    }

    function _createSender(uint256 index, PackedUserOperation calldata op, Validated memory result) private {
        if (op.initCode.length < 20) revert FailedOp(index, "AA99 initCode too small");
        if (op.sender.code.length != 0) revert FailedOp(index, "AA10 sender already constructed");
        address created = senderCreator.create{gas: result.verificationGas}(op.factory(), op.factoryData());
        if (created == address(0)) revert FailedOp(index, "AA13 initCode failed or OOG");
        if (created != op.sender) revert FailedOp(index, "AA14 initCode must return sender");
        if (op.sender.code.length == 0) revert FailedOp(index, "AA15 initCode must create sender");
        emit AccountDeployed(result.hash, op.sender, op.factory(), result.paymaster);
    }

    function _askAccount(uint256 index, PackedUserOperation calldata op, Validated memory result) private {
        if (op.sender.code.length == 0) revert FailedOp(index, "AA20 account not deployed");
        uint256 missing = result.paymaster == address(0) ? Math.saturatingSub(result.setAside, balanceOf[op.sender]) : 0;
        try IAccount(op.sender).validateUserOp{gas: result.verificationGas}(op, result.hash, missing) returns (uint256 data) {
            _requireValid(index, data, "AA24 signature error", "AA22 expired or not due");
        } catch (bytes memory reason) {
            revert FailedOpWithRevert(index, "AA23 reverted", _shortened(reason));
        }
        if (result.paymaster == address(0) && !_setAside(op.sender, result.setAside))
            revert FailedOp(index, "AA21 didn't pay prefund");
    }

    function _askPaymaster(uint256 index, PackedUserOperation calldata op, Validated memory result) private {
        if (!_setAside(result.paymaster, result.setAside)) revert FailedOp(index, "AA31 paymaster deposit too low");
        if (result.paymaster.code.length == 0) revert FailedOp(index, "AA30 paymaster not deployed");
        try
            IPaymaster(result.paymaster).validatePaymasterUserOp{gas: result.paymasterGas}(op, result.hash, result.setAside)
        returns (bytes memory context, uint256 data) {
            _requireValid(index, data, "AA34 signature error", "AA32 paymaster expired or not due");
            result.context = context;
        } catch (bytes memory reason) {
            revert FailedOpWithRevert(index, "AA33 reverted", _shortened(reason));
        }
    }

    function _requireValid(uint256 index, uint256 data, string memory unsigned, string memory untimely) private view {
        (address aggregator, bool outOfTime) = ERC4337Utils.getValidationData(data);
        // 1 stands for a wrong signature, anything else for an aggregator.
        if (aggregator != address(0)) revert FailedOp(index, unsigned);
        if (outOfTime) revert FailedOp(index, untimely);
    }

    /// @return cost What the operation costs its payer.
    function _execute(uint256 index, PackedUserOperation calldata op, Validated memory validated) private returns (uint256 cost) {
        uint256 gasBefore = gasleft();
        bool success;
        try this.runOperation(op.callData, validated) returns (Outcome outcome) {
            success = outcome == Outcome.Done;
        } catch (bytes memory reason) {
            // Only what is this contract's own: an operation cannot make a bundle fail by failing in a certain way.
            if (bytes4(reason) == NotEnoughGas.selector) revert FailedOp(index, "AA95 out of gas");
            emit PostOpRevertReason(validated.hash, validated.sender, validated.nonce, _shortened(reason));
        }
        uint256 executionGas = gasBefore - gasleft();
        uint256 promised = validated.callGas + validated.postOpGas;
        uint256 unused = Math.saturatingSub(promised, executionGas);
        uint256 penalty = unused > FREE_UNUSED_GAS ? (unused * UNUSED_GAS_PERCENT) / 100 : 0;
        uint256 gasUsed = validated.usedGas + validated.preGas + executionGas + penalty;
        // What this contract does beside the promised gas is the bundler's to estimate, in the gas before verification.
        cost = Math.min(gasUsed * validated.gasPrice, validated.setAside);
        _giveBack(validated.payer, validated.setAside - cost);
        emit UserOperationEvent(
            validated.hash,
            validated.sender,
            validated.paymaster,
            validated.nonce,
            success,
            cost,
            gasUsed
        );
    }

    /// @dev Copies no more of the answer than MOST_REASON_BYTES, and that only when the call failed.
    function _call(address target, uint256 gasLimit, bytes memory data) private returns (bool ok, bytes memory reason) {
        assembly ("memory-safe") {
            ok := call(gasLimit, target, 0, add(data, 0x20), mload(data), 0, 0)
            if iszero(ok) {
                let length := returndatasize()
                if gt(length, MOST_REASON_BYTES) {
                    length := MOST_REASON_BYTES
                }
                reason := mload(0x40)
                mstore(reason, length)
                returndatacopy(add(reason, 0x20), 0, length)
                mstore(0x40, add(reason, add(length, 0x40)))
            }
        }
    }

    function _shortened(bytes memory reason) private pure returns (bytes memory) {
        if (reason.length > MOST_REASON_BYTES) {
            assembly ("memory-safe") {
                mstore(reason, MOST_REASON_BYTES)
            }
        }
        return reason;
    }
}
