# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The errors that robot4d raises on bad input: what was expected, what came, what to do."""


class Robot4dError(Exception):
    """Base of every error that a user of robot4d can mend."""


class InstallationError(Robot4dError, RuntimeError):
    """The package's own files are not where they should be."""


class CalibrationError(Robot4dError, ValueError):
    """Camera intrinsics or extrinsics that cannot be right."""


class ImageError(Robot4dError, ValueError):
    """An image whose encoding, size or values do not fit."""


class ObservationError(Robot4dError, RuntimeError):
    """No fresh, synchronised look of every camera."""


class PoseError(Robot4dError, ValueError):
    """A pose that is not a rigid transform."""


class PredictionError(Robot4dError, ValueError):
    """A predicted 4-D video that contradicts itself."""


class EngineError(Robot4dError, RuntimeError):
    """A generator engine that cannot start or cannot predict."""


class ModelError(EngineError):
    """A model's folder that is missing, incomplete, changed or of another architecture."""


class DeviceError(EngineError):
    """A device that is demanded but not there."""


class MemoryShortage(EngineError):
    """A device without room for a model."""


class PredictionFileError(Robot4dError, ValueError):
    """A file that holds no prediction, or one that is not what the program wrote."""


class ViewerError(Robot4dError, RuntimeError):
    """A viewer that cannot show or cannot be reached."""


class ConfigurationError(Robot4dError, ValueError):
    """A model configuration that does not exist or does not describe a model."""


class WeightsError(Robot4dError, ValueError):
    """Weights that do not fit the model that they are loaded into."""


class PredictionCancelled(Robot4dError):
    """The caller asked the engine to stop between two steps."""


class RegistrationError(Robot4dError, RuntimeError):
    """Two views whose relative pose could not be recovered."""


class RobotDescriptionError(Robot4dError, ValueError):
    """A robot description (URDF) that lacks what was asked of it."""


class GripperError(Robot4dError, ValueError):
    """An opening that a gripper cannot reach."""


class EpisodeError(Robot4dError, ValueError):
    """A recording that is missing, incomplete or inconsistent."""


class StoreError(EpisodeError):
    """A folder that is no episode store, one that is half written, or one of another schema."""


class StoreSettingsError(EpisodeError):
    """An episode store that was recorded with other settings than those asked for."""


class StoreBusyError(EpisodeError):
    """An episode store that another recording is writing into."""


class DiskFullError(EpisodeError):
    """A disk without room for the next episode."""


class ShortEpisodeError(EpisodeError):
    """An episode that is shorter than a training window."""


class NoWindowError(EpisodeError):
    """A store that has no training window of the split and the cameras that were asked for."""


class WorkerError(Robot4dError, RuntimeError):
    """A worker process that died."""


class BagError(Robot4dError, ValueError):
    """A rosbag2 that cannot be read, or a message in it."""


class TopicError(Robot4dError, ValueError):
    """A bag that lacks a topic, or has another message type on it."""


class SynchronisationError(Robot4dError, ValueError):
    """Recorded streams whose stamps do not fit together: another clock, or a gap."""


class TransformError(Robot4dError, ValueError):
    """A transform that tf did not hold at the moment it was asked for."""


class EvaluationError(Robot4dError, ValueError):
    """Something that cannot be measured: too few clips, images of another size, an engine that knows the truth."""


class FeatureNetworkError(Robot4dError, ValueError):
    """A network that was given to compare videos with, and that is missing or another than expected."""


class SegmenterError(Robot4dError, ValueError):
    """A segmenter that is missing, or that cannot tell a gripper from the scene."""


class TrajectoryError(Robot4dError, ValueError):
    """A joint trajectory that no controller would accept."""


class ParameterError(Robot4dError, ValueError):
    """A parameter whose value does not fit."""


class SceneError(Robot4dError, ValueError):
    """A simulated cell that cannot be built or asked for that."""


class RecipeError(Robot4dError, ValueError):
    """A recipe of a training that cannot be followed, or a work folder of another one."""


class CheckpointError(Robot4dError, RuntimeError):
    """A checkpoint that cannot be continued from."""


class TrainingError(Robot4dError, RuntimeError):
    """A training whose loss or gradient is no longer a number."""


class ExpertError(Robot4dError, RuntimeError):
    """A scripted expert that cannot carry on from where the cell is."""


class InverseKinematicsError(Robot4dError, RuntimeError):
    """A pose that the arm cannot reach; `distance` (metres) and `angle` (rad) are what is missing."""

    def __init__(self, message: str, distance: float, angle: float) -> None:
        self.distance = distance
        self.angle = angle
        super().__init__(message)


class PlanRejected(Robot4dError):
    """A gripper plan that failed a safety check; `violations` names every one."""

    def __init__(self, violations) -> None:
        self.violations = tuple(violations)
        super().__init__('; '.join(str(violation) for violation in self.violations))


class LookError(Robot4dError, RuntimeError):
    """A moment of an expert's way from which no look can be taken."""
