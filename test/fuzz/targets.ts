/** All fuzz targets. */
import { apiTarget } from './api-target.ts'
import { captureTarget } from './capture-target.ts'
import { engineTarget } from './engine-target.ts'
import { laneTarget } from './lane-target.ts'
import { messageTargets } from './message-targets.ts'
import type { Target } from './target.ts'
import { configTarget, scenarioTarget, textTarget } from './text-targets.ts'
import { updateTarget } from './update-target.ts'

export const targets: readonly Target[] = [
  ...messageTargets,
  updateTarget,
  engineTarget,
  laneTarget,
  captureTarget,
  textTarget,
  configTarget,
  scenarioTarget,
  apiTarget,
]
