import { limitLevel } from '../logic/states.ts'
import { grouped } from '../logic/words.ts'
import { Icon } from './icon.tsx'

/** How much of a prefix limit is used: a warning from 80 % on, danger from 90 %. */
export function LimitMeter({ label, held, limit }: { label: string; held: number; limit: number }) {
  const { percent, look } = limitLevel(held, limit)
  const words = `${grouped(held)} of ${grouped(limit)}, ${percent} %`
  return (
    <div class="limit" data-tone={look.tone}>
      <div class="limit-words">
        <span>{label}</span>
        <span>
          <Icon shape={look.shape} /> {words}
        </span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: <meter> cannot show where warning and danger begin */}
      <div
        class="limit-bar"
        role="meter"
        aria-label={`${label} prefix limit`}
        aria-valuemin={0}
        aria-valuemax={limit}
        aria-valuenow={Math.min(held, limit)}
        aria-valuetext={words}
      >
        <span style={{ width: `${Math.min(100, percent)}%` }} />
        <i class="mark-80" />
        <i class="mark-90" />
      </div>
    </div>
  )
}
