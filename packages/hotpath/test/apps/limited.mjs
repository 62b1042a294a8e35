/** The same as an app of ES modules: Hono's own, too. */
import './limited.cjs'
